// Pictures of the worst objects, painted when they come into sight, or else when there is time.

const unpainted = new Map();
const sight = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (isIntersecting && unpainted.has(target)) paintOnce(target);
  }
}, { rootMargin: "200px" });

/** Paints the others one by one when there is nothing else to do, so that a print has them all. */
function paintInIdle() {
  const wait = globalThis.requestIdleCallback ?? ((act) => setTimeout(act, 100));
  wait(() => {
    const [next] = unpainted;
    if (!next) return;
    paintOnce(next[0]);
    paintInIdle();
  });
}

function paintOnce(canvas) {
  sight.unobserve(canvas);
  paintPicture(canvas, unpainted.get(canvas));
  unpainted.delete(canvas);
}

function gallery(host) {
  for (const [place, result] of book.results.entries()) {
    if (book.results.length > 1) host.append(element("h3", {}, result.name));
    if (result.gallery.length === 0) {
      host.append(element("p", {}, "No object is outlined worse than perfectly, or none could be scored."));
      continue;
    }
    const list = element("div", { class: "pictures" });
    for (const picture of result.gallery) list.append(pictureButton(picture, place));
    host.append(list);
  }
}

function pictureButton(picture, place) {
  const where = picture.z === null ? nameOf(picture.time) : `${nameOf(picture.time)} z ${picture.z}`;
  const score = picture.jaccard ? `J ${picture.jaccard.toFixed(3)}` : "no match";
  const canvas = element("canvas", { "aria-hidden": "true" });
  const told = `Frame ${where}, object ${picture.label} of the truth, ${score}: show it`;
  const button = element("button", { type: "button", "aria-label": told, "data-result": place });
  button.append(canvas, element("span", {}, `${where} · object ${picture.label}`), element("span", {}, score));
  button.addEventListener("click", () => lookAt(picture));
  unpainted.set(canvas, picture);
  sight.observe(canvas);
  return button;
}

/** Leads to the frame of an object, which then fills about a third of the images. */
async function lookAt({ time, box }) {
  const { height, width } = await frameAt(time);
  const [top, left, high, wide] = box;
  const zoom = within(0.35 / Math.max(high / height, wide / width), 1, 40);
  const limits = (share) => within(share, 0.5 / zoom, 1 - 0.5 / zoom);
  const [x, y] = [limits((left + wide / 2) / width), limits((top + high / 2) / height)];
  if (state.mode === "raw" || state.mode === "truth") change({ mode: "overlay" });
  change({ frame: time, zoom, x, y, truthLine: true });
  byId("viewer").scrollIntoView();
  byId("frame").focus({ preventScroll: true });
}

async function paintPicture(canvas, picture) {
  const [height, width] = picture.size;
  const [truth, result, raw] = await Promise.all([
    labelsOf(picture.truth, picture.size), labelsOf(picture.result, picture.size), pictureOf(picture.raw),
  ]);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const thin = Math.max(1, Math.round(Math.max(height, width) / 100));
  paintEdges(pixels, result, { width, height }, 2 * thin);
  paintEdges(pixels, truth, { width, height }, thin, packed([255, 255, 255], 110));
  paintEdges(pixels, truth, { width, height }, thin, WHITE, picture.label);
  canvas.width = width;
  canvas.height = height;
  const layer = element("canvas", { width, height });
  layer.getContext("2d").putImageData(image, 0, 0);
  const context = canvas.getContext("2d");
  if (raw) context.drawImage(raw, 0, 0);
  context.drawImage(layer, 0, 0);
}
