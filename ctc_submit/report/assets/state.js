// What is looked at; every part of the page follows it.

const book = JSON.parse(document.getElementById("book").textContent);

const state = {
  frame: 0, mode: "overlay", truthLine: false, names: false, fill: 30, contour: 2,
  brightness: 100, zoom: 1, x: 0.5, y: 0.5, track: 0, playing: false,
};

const followers = [];

/** Calls `follow(names)` with the set of names of the state that changed, whenever they do. */
function whenChanged(follow) {
  followers.push(follow);
}

/** Changes the state, within its limits, and tells all followers. */
function change(news) {
  if ("frame" in news) news.frame = within(Math.round(news.frame), 0, book.frames - 1);
  if ("zoom" in news) news.zoom = within(news.zoom, 1, 40);
  const names = new Set(Object.keys(news).filter((name) => state[name] !== news[name]));
  if (names.size === 0) return;
  Object.assign(state, news);
  for (const follow of followers) follow(names);
}

function within(value, least, most) {
  return Math.min(most, Math.max(least, value));
}

function byId(id) {
  return document.getElementById(id);
}

/** Makes an element of HTML with attributes and children. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Makes an element of SVG with attributes and children. */
function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** The name of a time as in the files: t007. */
function nameOf(time) {
  return `t${String(time).padStart(book.digits, "0")}`;
}

function counted(number, thing) {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
