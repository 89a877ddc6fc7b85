// Label maps as transparent pictures, in the pixels of the frame.

const DIFFERENCES = {
  agree: { colour: [255, 255, 255], alpha: 70, text: "in both" },
  missed: { colour: [213, 94, 0], alpha: 190, text: "in the truth only" },
  extra: { colour: [0, 114, 178], alpha: 190, text: "in the result only" },
  other: { colour: [240, 228, 66], alpha: 190, text: "in both, but of another object" },
};
const WHITE = packed([255, 255, 255], 255);

/** One pixel as canvases store it, with the first byte lowest. */
function packed([red, green, blue], alpha) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function colourOf(label) {
  return book.palette[(label - 1) % book.palette.length];
}

function coloursWith(alpha) {
  return Uint32Array.from(book.palette, (colour) => packed(colour, alpha));
}

/** Paints what a mode shows of one result, or nothing where there is nothing to show. */
function paint(frame, result, { mode, fill, contour, truthLine, track }) {
  const image = new ImageData(frame.width, frame.height);
  const pixels = new Uint32Array(image.data.buffer);
  const outlined = frame.truth?.kind === "SEG";
  if (mode === "difference" && outlined && result) paintDifference(pixels, frame.truth, result);
  const labels = mode === "truth" ? frame.truth?.labels : result?.labels;
  if (labels && mode !== "raw" && mode !== "difference") {
    if (mode !== "outlines") paintFill(pixels, labels, fill);
    paintEdges(pixels, labels, frame, mode === "outlines" ? Math.max(contour, 1) : contour);
  }
  if (truthLine && frame.truth) {
    paintEdges(pixels, frame.truth.labels, frame, Math.max(1, (contour + 1) >> 1), WHITE);
  }
  if (track && result && mode !== "truth") paintTrack(pixels, result.labels, frame, track);
  return image;
}

function paintFill(pixels, labels, percent) {
  const colours = coloursWith(Math.round(2.55 * percent));
  if (percent === 0) return;
  for (let place = 0; place < labels.length; place++) {
    if (labels[place]) pixels[place] = colours[(labels[place] - 1) % colours.length];
  }
}

/** Draws borders inside of the cells, in the colours of their labels or in one given. */
function paintEdges(pixels, labels, { width, height }, thickness, one = 0, only = 0) {
  if (thickness === 0) return;
  const colours = coloursWith(255);
  for (let y = 0, place = 0; y < height; y++) {
    const above = y >= thickness ? -thickness * width : 0;
    const below = y + thickness < height ? thickness * width : 0;
    for (let x = 0; x < width; x++, place++) {
      const label = labels[place];
      if (!label || (only && label !== only)) continue;
      const left = x >= thickness ? -thickness : 0;
      const right = x + thickness < width ? thickness : 0;
      if (
        labels[place + above] !== label || labels[place + below] !== label ||
        labels[place + left] !== label || labels[place + right] !== label ||
        labels[place + above + left] !== label || labels[place + above + right] !== label ||
        labels[place + below + left] !== label || labels[place + below + right] !== label
      ) {
        pixels[place] = one || colours[(label - 1) % colours.length];
      }
    }
  }
}

function paintTrack(pixels, labels, frame, track) {
  paintEdges(pixels, labels, frame, 4, packed([0, 0, 0], 255), track);
  paintEdges(pixels, labels, frame, 3, WHITE, track);
}

function paintDifference(pixels, truth, result) {
  const colours = Object.fromEntries(
    Object.entries(DIFFERENCES).map(([name, { colour, alpha }]) => [name, packed(colour, alpha)]),
  );
  for (let place = 0; place < pixels.length; place++) {
    const [theirs, ours] = [truth.labels[place], result.labels[place]];
    if (theirs && ours) {
      pixels[place] = result.answers.get(theirs) === ours ? colours.agree : colours.other;
    } else if (theirs) pixels[place] = colours.missed;
    else if (ours) pixels[place] = colours.extra;
  }
}

/** Returns label to { x, y, area }: the centre of its pixels, and how many they are. A centre outside of its cell gives way to the cell's pixel nearest to it. */
function centresOf(labels, width) {
  const sums = new Map();
  for (let place = 0; place < labels.length; ) {
    const label = labels[place];
    const start = place;
    const end = start - (start % width) + width;
    while (place < end && labels[place] === label) place++;
    if (!label) continue;
    const length = place - start;
    const sum = sums.get(label) ?? { x: 0, y: 0, area: 0 };
    sum.x += length * ((start % width) + length / 2);
    sum.y += length * (Math.floor(start / width) + 0.5);
    sum.area += length;
    sums.set(label, sum);
  }
  for (const [label, sum] of sums) {
    sum.x /= sum.area;
    sum.y /= sum.area;
    if (labels[Math.floor(sum.y) * width + Math.floor(sum.x)] !== label) moveInto(sum, label, labels, width);
  }
  return sums;
}

function moveInto(centre, label, labels, width) {
  let nearest = Infinity;
  const { x, y } = centre;
  for (let place = labels.indexOf(label); place >= 0; place = labels.indexOf(label, place + 1)) {
    const [right, down] = [(place % width) + 0.5, Math.floor(place / width) + 0.5];
    const far = (right - x) ** 2 + (down - y) ** 2;
    if (far < nearest) [nearest, centre.x, centre.y] = [far, right, down];
  }
}
