// Line charts.

const DASHES = ["", "7 3", "2 3", "9 3 2 3", "12 4", "4 2"];
const ROOM = { left: 52, right: 14, top: 8, bottom: 24 };

/** How a line of this number looks: a colour of the page and dashes, so that either tells it. */
function styleOf(slot) {
  return { stroke: `var(--s${slot % 6})`, "stroke-dasharray": DASHES[slot % 6], "stroke-width": 1.8, fill: "none" };
}

/**
 * Draws a chart into an element, anew whenever its width changes.
 *
 * @param x  { name, values, bridged }: the axis' title; its values, ascending; whether lines
 *     go on over values that are missing.
 * @param y  { name, log, whole, least, most }: title; whether logarithmic, whether only whole
 *     numbers make sense; limits to include, which values do not go beyond.
 * @param lines  [{ name, values }], null where there is no value.
 * @param pick  called with the index of a value that was clicked; null for none. The element then
 *     says itself what the chart shows.
 * @param named  whether a key names the lines.
 * @returns { mark(index) }, which draws a line at a value.
 */
function chart(host, { x, y, lines, pick = null, height = 150, named = lines.length > 1 }) {
  const heading = element("div", { class: "small" }, y.name);
  const key = element("div", { class: "key" });
  if (named) lines.forEach((line, slot) => key.append(keyOf(line.name, slot)));
  const said = pick ? { "aria-hidden": "true" } : { role: "img", "aria-label": chartText(x, y, lines) };
  const picture = drawn("svg", { height, ...said });
  host.replaceChildren(heading, key, picture, element("div", { class: "small" }, x.name));
  let marked = null;
  let plan = null;
  const render = () => {
    const width = Math.max(120, host.clientWidth);
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    plan = planOf(x, y, lines, width, height);
    picture.replaceChildren(...axesOf(plan), ...lines.flatMap((line, slot) => lineOf(line, slot, plan)));
    if (marked !== null) mark(marked);
  };
  const mark = (index) => {
    marked = index;
    picture.querySelector(".now")?.remove();
    const at = plan?.across(x.values[index]);
    if (plan) picture.append(drawn("line", { class: "now", x1: at, x2: at, y1: ROOM.top, y2: height - ROOM.bottom }));
  };
  if (pick) pickable(host, picture, x, () => plan, pick);
  host.watcher?.disconnect();
  host.watcher = new ResizeObserver(render);
  host.watcher.observe(host);
  render();
  return { mark };
}

function chartText(x, y, lines) {
  const told = lines.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    return `${name}: from ${shortly(Math.min(...known))} to ${shortly(Math.max(...known))}`;
  });
  return `${y.name} by ${x.name}. ${told.join("; ")}`;
}

function keyOf(name, slot) {
  const sample = drawn("svg", { viewBox: "0 0 30 10", "aria-hidden": "true" });
  sample.append(drawn("line", { x1: 0, x2: 30, y1: 5, y2: 5, ...styleOf(slot) }));
  return element("span", {}, sample, name);
}

function planOf(x, y, lines, width, height) {
  const values = lines.flatMap((line) => line.values).filter((v) => v !== null && (!y.log || v > 0));
  let [least, most] = [Math.min(...values, y.least ?? Infinity), Math.max(...values, y.most ?? -Infinity)];
  if (!(least < most)) [least, most] = widened(least, y);
  const ticks = y.log ? decades(least, most) : rounds(least, most, y.whole ? Math.min(5, most - least) : 5);
  if (!y.log) [least, most] = [Math.min(least, ticks[0]), Math.max(most, ticks.at(-1))];
  const bend = y.log ? Math.log10 : (value) => value;
  const [first, last] = [x.values[0], x.values.at(-1)];
  const [wide, high] = [width - ROOM.left - ROOM.right, height - ROOM.top - ROOM.bottom];
  const across = (value) => ROOM.left + (last > first ? ((value - first) / (last - first)) * wide : wide / 2);
  const up = (value) => ROOM.top + high * (1 - (bend(value) - bend(least)) / (bend(most) - bend(least)));
  const columns = rounds(first, last, Math.max(2, wide / 90)).filter((v) => v >= first && v <= last && v % 1 === 0);
  return { x, across, up, ticks, columns, width, height, bridged: x.bridged };
}

/** Returns limits around the only value there is, within what the axis may show. */
function widened(value, { log, least, most }) {
  if (log) return [value / 2, value * 2];
  if (value === least) return [value, value + 1];
  return value === most ? [value - 0.1, value] : [value - 0.5, value + 0.5];
}

/** Returns round numbers from below `least` to above `most`, about so many. */
function rounds(least, most, about) {
  if (least === most) return [least];
  const rough = (most - least) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const start = Math.floor(least / step + 1e-9);
  const end = Math.ceil(most / step - 1e-9);
  return Array.from({ length: end - start + 1 }, (_, number) => Number(((start + number) * step).toPrecision(12)));
}

/** Returns round numbers for a logarithmic axis: the fewer powers of ten, the more between them. */
function decades(least, most) {
  const span = Math.log10(most / least);
  const factors = span < 0.7 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : span < 1.5 ? [1, 2, 5] : span < 2.5 ? [1, 3] : [1];
  const found = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power++) {
    for (const factor of factors) found.push(factor * 10 ** power);
  }
  return found.filter((value) => value >= least && value <= most);
}

function shortly(value) {
  if (value !== 0 && Math.abs(value) < 0.001) return Number(value.toPrecision(3)).toExponential();
  return String(Number(value.toPrecision(4)));
}

function axesOf({ across, up, ticks, columns, width, height }) {
  const foot = height - ROOM.bottom;
  const rows = ticks.flatMap((value) => [
    drawn("line", { class: "grid", x1: ROOM.left, x2: width - ROOM.right, y1: up(value), y2: up(value) }),
    drawn("text", { x: ROOM.left - 6, y: up(value) + 4, "text-anchor": "end" }, shortly(value)),
  ]);
  const marks = columns.flatMap((value) => [
    drawn("line", { class: "axis-line", x1: across(value), x2: across(value), y1: foot, y2: foot + 4 }),
    drawn("text", { x: across(value), y: foot + 17, "text-anchor": "middle" }, shortly(value)),
  ]);
  const line = drawn("line", { class: "axis-line", x1: ROOM.left, x2: width - ROOM.right, y1: foot, y2: foot });
  return [...rows, ...marks, line];
}

function lineOf({ values }, slot, { x, across, up, bridged }) {
  const style = styleOf(slot);
  const known = values.filter((value) => value !== null).length;
  const dots = [];
  let path = "";
  let before = null;
  values.forEach((value, place) => {
    if (value === null || !Number.isFinite(up(value))) return;
    const [right, high] = [across(x.values[place]).toFixed(1), up(value).toFixed(1)];
    const joined = before !== null && (bridged || before === place - 1);
    path += `${joined ? "L" : "M"}${right} ${high}`;
    const alone = !joined && (values[place + 1] ?? null) === null;
    before = place;
    if (alone || known <= 60) dots.push(drawn("circle", { cx: right, cy: high, r: 2.5, fill: style.stroke }));
  });
  return [drawn("path", { d: path, ...style }), ...dots];
}

/** Makes a chart a slider: clicks and drags pick the nearest value. */
function pickable(host, picture, x, plan, pick) {
  const at = (event) => {
    const { across } = plan();
    const place = event.clientX - picture.getBoundingClientRect().left;
    const far = x.values.map((value) => Math.abs(across(value) - place));
    pick(far.indexOf(Math.min(...far)));
  };
  picture.onpointerdown = (event) => {
    picture.setPointerCapture(event.pointerId);
    at(event);
  };
  picture.onpointermove = (event) => event.buttons && at(event);
}
