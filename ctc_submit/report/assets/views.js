// The images: one beside the other for each result, all moved and zoomed together.

const views = book.results.map((result, place) => {
  const canvas = element("canvas", { tabindex: "0", role: "img", "data-result": place });
  const under = element("div", { class: "under" });
  const figure = element("figure", { class: "view" }, element("figcaption", {}, result.name), canvas, under);
  byId("views").append(figure);
  return { place, result, figure, canvas, under, layer: document.createElement("canvas") };
});

let shown = null;
let due = 0;

/** Draws all images anew before the next repaint of the screen. */
function redraw() {
  due ||= requestAnimationFrame(() => {
    due = 0;
    if (shown) views.forEach(draw);
  });
}

function repaint() {
  if (!shown) return;
  for (const view of views) {
    view.layer.width = shown.width;
    view.layer.height = shown.height;
    const painted = paint(shown, shown.results[view.place], state);
    view.layer.getContext("2d").putImageData(painted, 0, 0);
    view.centres = null;
    describe(view);
  }
  redraw();
}

/** Returns how frame pixels lie on a canvas: screen = (frame - centre) * scale + middle. */
function placed({ canvas }) {
  const fit = Math.min(canvas.width / shown.width, canvas.height / shown.height);
  const scale = fit * state.zoom;
  const centre = (share, length, room) => {
    const half = room / scale / 2;
    return half * 2 >= length ? length / 2 : within(share * length, half, length - half);
  };
  const x = centre(state.x, shown.width, canvas.width);
  const y = centre(state.y, shown.height, canvas.height);
  return { scale, left: canvas.width / 2 - x * scale, top: canvas.height / 2 - y * scale, x, y };
}

function draw(view) {
  const { canvas, figure } = view;
  const ratio = globalThis.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const tallest = Math.max(200, 0.6 * globalThis.innerHeight);
  const height = Math.round(Math.min((width * shown.height) / shown.width, tallest));
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  figure.classList.toggle("zoomed", state.zoom > 1);
  const context = canvas.getContext("2d");
  const { scale, left, top } = placed(view);
  context.setTransform(scale, 0, 0, scale, left, top);
  context.imageSmoothingEnabled = scale < 1;
  if (shown.raw) {
    context.filter = `brightness(${state.brightness}%)`;
    context.drawImage(shown.raw, 0, 0);
    context.filter = "none";
  }
  context.drawImage(view.layer, 0, 0);
  context.setTransform(1, 0, 0, 1, 0, 0);
  if (state.names) drawNames(context, view, ratio);
  drawScaleBar(context, scale, ratio);
}

function drawNames(context, view, ratio) {
  const labels = labelsShown(view);
  if (!labels) return;
  view.centres ??= centresOf(labels, shown.width);
  const { scale, left, top } = placed(view);
  context.font = `600 ${12 * ratio}px system-ui, "DejaVu Sans", sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const [label, { x, y }] of view.centres) {
    write(context, String(label), x * scale + left, y * scale + top, ratio);
  }
}

function write(context, text, x, y, ratio) {
  context.lineWidth = 3 * ratio;
  context.lineJoin = "round";
  context.strokeStyle = "#000";
  context.fillStyle = "#fff";
  context.strokeText(text, x, y);
  context.fillText(text, x, y);
}

/** Draws a bar of a round length, at most a fifth of the image wide. */
function drawScaleBar(context, scale, ratio) {
  const unit = book.micrometres ?? 1;
  const most = ((context.canvas.width / 5) * unit) / scale;
  const power = 10 ** Math.floor(Math.log10(most));
  const length = [5, 2, 1].find((step) => step * power <= most) * power;
  const wide = (length / unit) * scale;
  const [x, y] = [12 * ratio, context.canvas.height - 12 * ratio];
  context.fillStyle = "#000";
  context.fillRect(x - ratio, y - 5 * ratio, wide + 2 * ratio, 6 * ratio);
  context.fillStyle = "#fff";
  context.fillRect(x, y - 4 * ratio, wide, 4 * ratio);
  context.font = `${12 * ratio}px system-ui, "DejaVu Sans", sans-serif`;
  context.textAlign = "left";
  context.textBaseline = "bottom";
  write(context, `${length} ${book.micrometres ? "µm" : "px"}`, x, y - 7 * ratio, ratio);
}

/** Returns the label map whose cells an image names: the truth's in its mode, else the result's. */
function labelsShown(view) {
  return state.mode === "truth" ? shown.truth?.labels : shown.results[view.place]?.labels;
}

function describe({ place, result, canvas, under }) {
  const cells = shown.results[place];
  const told = cells ? counted(cells.cells, "cell") : "no mask for this frame";
  canvas.setAttribute("aria-label", `${result.name}, ${state.mode}, frame ${shown.time}: ${told}`);
  under.textContent = trackText(place) || told;
}

function trackText(place) {
  if (!state.track) return "";
  const row = book.results[place].tracks.find(([label]) => label === state.track);
  if (!row) return `label ${state.track}`;
  const [label, begin, end, parent] = row;
  return `track ${label}: frames ${begin} to ${end}${parent ? `, from track ${parent}` : ""}`;
}

/** Returns the pixel of the frame under the pointer, and what lies there. */
function under(view, event) {
  const ratio = view.canvas.width / view.canvas.clientWidth;
  const { scale, left, top } = placed(view);
  const x = Math.floor((event.offsetX * ratio - left) / scale);
  const y = Math.floor((event.offsetY * ratio - top) / scale);
  const inside = x >= 0 && y >= 0 && x < shown.width && y < shown.height;
  const label = inside ? (labelsShown(view)?.[y * shown.width + x] ?? 0) : 0;
  return { x, y, inside, label };
}

function pointAt(view, event) {
  const { x, y, inside, label } = under(view, event);
  if (!inside) return describe(view);
  const found = state.mode === "truth" ? [] : (shown.results[view.place]?.found.get(label) ?? []);
  const outlined = shown.truth?.kind === "SEG";
  const answers = found.map(([truth, j]) => `${truth} of the truth${outlined ? `, J ${j.toFixed(3)}` : ""}`);
  const parts = [`x ${x}, y ${y}`, label ? `label ${label}` : "background"];
  if (answers.length) parts.push(`answers for ${answers.join("; ")}`);
  view.under.textContent = parts.join(" · ");
}

/** Zooms by a factor; the given place of the frame, in parts of its sides, stays where it is. */
function zoomBy(factor, x = null, y = null) {
  const zoom = within(state.zoom * factor, 1, 40);
  if (x === null) return change({ zoom });
  const moved = (centre, fixed) => fixed + ((centre - fixed) * state.zoom) / zoom;
  change({ zoom, x: moved(state.x, x), y: moved(state.y, y) });
}

/** Moves by parts of what is visible. */
function moveBy(right, down) {
  const limits = (centre) => within(centre, 0.5 / state.zoom, 1 - 0.5 / state.zoom);
  change({ x: limits(state.x + right / state.zoom), y: limits(state.y + down / state.zoom) });
}

function handle(view) {
  const { canvas } = view;
  const pointers = new Map();
  let moved = false;
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!shown || event.button !== 0) return;
    moved = pointers.size > 0;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!shown) return;
    const before = pointers.get(event.pointerId);
    if (!before) return pointAt(view, event);
    const [right, down] = [event.clientX - before.x, event.clientY - before.y];
    if (!moved && Math.hypot(right, down) < 4) return;
    moved = true;
    const apart = pointers.size === 2 ? spread() : 0;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (apart) return zoomBy(spread() / apart);
    const shownWide = (placed(view).scale * shown.width) / devicePixelRatio / state.zoom;
    const shownHigh = (placed(view).scale * shown.height) / devicePixelRatio / state.zoom;
    moveBy(-right / shownWide, -down / shownHigh);
  });
  const lift = (event) => {
    if (!pointers.delete(event.pointerId) || moved || !shown || event.type !== "pointerup") return;
    if (state.mode !== "truth") change({ track: under(view, event).label });
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", () => shown && describe(view));
  const zoomAt = (event, factor) => {
    const { x, y } = under(view, event);
    zoomBy(factor, x / shown.width, y / shown.height);
  };
  canvas.addEventListener("dblclick", (event) => shown && zoomAt(event, 2));
  canvas.addEventListener("wheel", (event) => {
    if (!shown || !(event.ctrlKey || document.activeElement === canvas)) return;
    event.preventDefault();
    zoomAt(event, Math.exp(-within(event.deltaY, -200, 200) / 300));
  }, { passive: false });
}

views.forEach(handle);
new ResizeObserver(redraw).observe(byId("views"));
whenChanged((names) => {
  if (["zoom", "x", "y", "names", "brightness"].some((name) => names.has(name))) redraw();
  if (["mode", "fill", "contour", "truthLine", "track"].some((name) => names.has(name))) repaint();
});
