// Frames: unpacked when they are looked at; the last few are kept.

const KEPT_PIXELS = 24e6;
const kept = new Map();
const awaited = new Map();

/** Files of frames beside the page call this with what they hold. */
globalThis.ctcFrame = (time, packet) => awaited.get(time)?.(packet);

/** Returns the unpacked frame of a time; the same promise to all who ask. */
function frameAt(time) {
  let frame = kept.get(time);
  if (frame) kept.delete(time);
  else frame = packetOf(time).then((packet) => unpack(time, packet));
  kept.set(time, frame);
  frame.then(forget, () => kept.delete(time));
  return frame;
}

function forget({ width, height }) {
  const most = within(Math.floor(KEPT_PIXELS / (width * height)), 4, 64);
  for (const time of kept.keys()) {
    if (kept.size <= most) return;
    if (time !== state.frame) kept.delete(time);
  }
}

function packetOf(time) {
  if (!book.folder) return Promise.resolve(JSON.parse(byId(`packet-${time}`).textContent));
  return new Promise((done, fail) => {
    const file = `${encodeURIComponent(book.folder)}/${nameOf(time)}.js`;
    const script = element("script", { src: file });
    const end = (settle) => (value) => {
      awaited.delete(time);
      script.remove();
      settle(value);
    };
    awaited.set(time, end(done));
    const told = `${book.folder}/${nameOf(time)}.js cannot be loaded; keep the folder beside the page`;
    script.addEventListener("error", () => end(fail)(new Error(told)));
    document.head.append(script);
  });
}

async function unpack(time, packet) {
  const [height, width] = packet.size;
  const truth = packet.truth && {
    kind: packet.truth.kind,
    leftOut: packet.truth.leftOut,
    labels: await labelsOf(packet.truth.map, packet.size),
  };
  const results = [];
  for (const each of packet.results) results.push(each && (await unpackResult(each, packet.size)));
  return { time, height, width, raw: await pictureOf(packet.raw), truth, results };
}

async function unpackResult(each, size) {
  const answers = new Map();
  const found = new Map();
  for (const [truth, label, jaccard] of each.matches) {
    answers.set(truth, label);
    if (label) found.set(label, [...(found.get(label) ?? []), [truth, jaccard]]);
  }
  return { labels: await labelsOf(each.map, size), cells: each.cells, answers, found };
}

/** Unpacks a label map: deflated lengths, then values, of runs of equal pixels. */
async function labelsOf(text, [height, width]) {
  const inflated = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const words = new Uint16Array(await new Response(inflated).arrayBuffer());
  const labels = new Uint16Array(height * width);
  const runs = words.length / 2;
  let place = 0;
  for (let run = 0; run < runs; run++) {
    const end = place + words[run];
    if (words[runs + run]) labels.fill(words[runs + run], place, end);
    place = end;
  }
  return labels;
}

async function pictureOf(text) {
  return text && createImageBitmap(new Blob([bytesOf(text)], { type: "image/jpeg" }));
}

function bytesOf(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place++) bytes[place] = letters.charCodeAt(place);
  return bytes;
}
