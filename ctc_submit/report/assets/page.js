// Puts the parts together, and begins.

/** Loads the frame that is asked for last, and shows it. */
async function show() {
  const time = state.frame;
  try {
    const frame = await frameAt(time);
    if (time !== state.frame) return;
    shown = frame;
    repaint();
    say();
    document.documentElement.dataset.shown = time;
    if (time + 1 < book.frames) frameAt(time + 1).catch(() => {});
  } catch (error) {
    byId("status").textContent = `Frame ${time} cannot be shown: ${error.message}.`;
  }
}

theme();
controls();
frameTable();
const markFrame = plot();
whenChanged((names) => {
  if (!names.has("frame")) return;
  byId("frame").value = state.frame;
  byId("frame-name").textContent = nameOf(state.frame);
  markFrame();
  show();
});
document.addEventListener("keydown", (event) => {
  if (press(event)) event.preventDefault();
});
byId("frame-name").textContent = nameOf(0);
markFrame();
document.querySelectorAll(".lineage").forEach(lineage);
if (byId("gallery")) gallery(byId("gallery"));
training();
show().then(paintInIdle);
