// Controls and keys.

const MODES = ["raw", "overlay", "outlines", "truth", "difference"];

function bindRange(id, unit) {
  const input = byId(id);
  const output = input.parentElement.querySelector("output");
  input.addEventListener("input", () => change({ [id]: Number(input.value) }));
  whenChanged((names) => {
    if (!names.has(id)) return;
    input.value = state[id];
    output.textContent = `${state[id]} ${unit}`;
  });
}

function bindTick(id, name) {
  byId(id).addEventListener("change", (event) => change({ [name]: event.target.checked }));
  whenChanged((names) => {
    if (names.has(name)) byId(id).checked = state[name];
  });
}

function controls() {
  bindRange("fill", "%");
  bindRange("contour", "px");
  bindRange("brightness", "%");
  bindTick("truth-line", "truthLine");
  bindTick("names", "names");
  const radios = [...document.querySelectorAll('input[name="mode"]')];
  for (const radio of radios) radio.addEventListener("change", () => change({ mode: radio.value }));
  const clicks = {
    previous: () => change({ frame: state.frame - 1 }), next: () => change({ frame: state.frame + 1 }),
    play: () => change({ playing: !state.playing }), "zoom-in": () => zoomBy(1.5),
    "zoom-out": () => zoomBy(1 / 1.5), "zoom-fit": () => change({ zoom: 1, x: 0.5, y: 0.5 }),
  };
  for (const [id, act] of Object.entries(clicks)) byId(id).addEventListener("click", act);
  byId("frame").addEventListener("input", (event) => change({ frame: Number(event.target.value) }));
  byId("track").addEventListener("change", (event) => follow(Number(event.target.value)));
  whenChanged((names) => {
    if (names.has("mode")) radios.find((radio) => radio.value === state.mode).checked = true;
    if (names.has("zoom")) byId("zoom").textContent = `${Math.round(100 * state.zoom)} %`;
    if (names.has("track")) byId("track").value = state.track || "";
    if (names.has("mode") || names.has("truthLine")) legend();
    if (names.has("playing")) play();
  });
}

/** Chooses a track by its label, and goes to its first frame where the label is not in this one. */
function follow(label) {
  const row = book.results.flatMap((result) => result.tracks).find(([each]) => each === label);
  const away = row && (state.frame < row[1] || state.frame > row[2]);
  change({ track: label || 0, ...(away ? { frame: row[1] } : {}) });
}

function play() {
  const button = byId("play");
  button.setAttribute("aria-pressed", String(state.playing));
  button.textContent = state.playing ? "Pause" : "Play";
  byId("status").setAttribute("aria-live", state.playing ? "off" : "polite");
  if (state.playing) step(performance.now());
}

async function step(since) {
  await frameAt(state.frame).catch(() => {});
  const wait = 1000 / Number(byId("speed").value) - (performance.now() - since);
  await new Promise((done) => setTimeout(done, Math.max(0, wait)));
  if (!state.playing) return;
  const began = performance.now();
  change({ frame: state.frame + 1 < book.frames ? state.frame + 1 : 0 });
  step(began);
}

/** Acts on a key; returns whether there was anything to do. */
function press(event) {
  const active = document.activeElement;
  const onImage = active?.matches?.("canvas, #plot");
  const typing = active?.matches?.("input[type=number], select");
  if (event.ctrlKey || event.altKey || event.metaKey || (typing && event.key !== "Escape")) return false;
  const moves = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
  const own = active?.matches?.("input[type=range], input[type=radio], [role=listbox]");
  if (own && event.key in { ...moves, PageUp: 0, PageDown: 0, Home: 0, End: 0 }) return false;
  if (event.shiftKey && event.key in moves) return act(() => moveBy(...moves[event.key]));
  const steps = { ArrowLeft: -1, ArrowRight: 1 };
  if (onImage) Object.assign(steps, { PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity });
  if (event.key in steps) return act(() => change({ frame: within(state.frame + steps[event.key], 0, book.frames - 1) }));
  if (event.key === "Escape") return act(() => change({ track: 0, playing: false }));
  if (!byId("keys").checked) return false;
  const place = MODES.indexOf(MODES[Number(event.key) - 1]);
  if (place >= 0) return act(() => document.querySelector(`input[value="${MODES[place]}"]:not(:disabled)`) && change({ mode: MODES[place] }));
  const keys = {
    p: () => change({ playing: !state.playing }), l: () => change({ names: !state.names }),
    t: () => book.truth && change({ truthLine: !state.truthLine }), "+": () => zoomBy(1.5), "=": () => zoomBy(1.5),
    "-": () => zoomBy(1 / 1.5), 0: () => change({ zoom: 1, x: 0.5, y: 0.5 }),
  };
  const key = keys[event.key.toLowerCase()];
  return key ? act(key) : false;
}

function act(what) {
  what();
  return true;
}

function theme() {
  const choice = byId("theme");
  const set = (value) => {
    if (value) document.documentElement.dataset.theme = value;
    else delete document.documentElement.dataset.theme;
  };
  try {
    choice.value = localStorage.getItem("ctc-theme") ?? "";
  } catch {
    choice.value = "";
  }
  set(choice.value);
  choice.addEventListener("change", () => {
    set(choice.value);
    try {
      localStorage.setItem("ctc-theme", choice.value);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  });
}
