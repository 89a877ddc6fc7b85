// What is said of the frame that is looked at.

const MEASURES = {
  SEG: { name: "SEG: mean Jaccard index of the frame's objects, from 0 to 1", short: "SEG", most: 1 },
  cells: { name: "cells in the result [cells per frame]", short: "cells in the result", least: 0, whole: true },
  FN: { name: "FN: objects missed [objects per frame]", short: "missed", said: (n) => `${n} missed`, least: 0, whole: true },
  FP: { name: "FP: objects that are none [objects per frame]", short: "extra", said: (n) => `${n} extra`, least: 0, whole: true },
  NS: { name: "NS: objects merged with others [objects per frame]", short: "merged", said: (n) => `${n} merged`, least: 0, whole: true },
  EA: { name: "EA: links missing [links per frame]", short: "links missing", said: (n) => `${counted(n, "link")} missing`, least: 0, whole: true },
  ED: { name: "ED: links too many [links per frame]", short: "links too many", said: (n) => `${counted(n, "link")} too many`, least: 0, whole: true },
  EC: { name: "EC: links of the wrong kind [links per frame]", short: "wrong links", said: (n) => `${counted(n, "link")} of the wrong kind`, least: 0, whole: true },
};

function say() {
  const parts = book.results.map((result) => {
    const told = Object.entries(result.series).flatMap(([name, values]) => {
      const value = values[state.frame];
      if (value === null || value === undefined) return [];
      if (name === "SEG") return [`SEG ${value.toFixed(3)}`];
      if (name === "cells") return [counted(value, "cell")];
      return value ? [MEASURES[name].said(value)] : [];
    });
    return `${result.name}: ${told.join(", ") || "no mask"}`;
  });
  const hours = book.minutes ? ` (${clock(state.frame * book.minutes)})` : "";
  byId("status").textContent = `Frame ${state.frame} of 0 to ${book.frames - 1}${hours}. ${parts.join("; ")}.`;
  byId("frame").setAttribute("aria-valuetext", `frame ${state.frame}${hours}`);
  byId("plot").setAttribute("aria-valuetext", `frame ${state.frame}${hours}, ${parts.join("; ")}`);
  legend();
}

function clock(minutes) {
  const whole = Math.round(minutes);
  if (whole < 60) return `${Number(minutes.toPrecision(3))} min`;
  return `${Math.floor(whole / 60)} h ${whole % 60} min`;
}

function legend() {
  const host = byId("legend");
  host.replaceChildren();
  const truth = shown?.truth;
  const tracked = book.results.every((result) => result.tracks.length);
  const sample = (colour, text) => {
    const box = element("i");
    box.style.background = `rgb(${colour.join(" ")})`;
    host.append(element("span", {}, box, text));
  };
  const note = (text) => host.append(element("span", {}, text));
  if (state.mode === "difference") {
    if (truth?.kind !== "SEG") note("The truth of this frame has no outlines to compare with.");
    else for (const { colour, text } of Object.values(DIFFERENCES)) sample(colour, text);
    if (truth?.leftOut) note(`${counted(truth.leftOut, "cell")} of this frame ${truth.leftOut === 1 ? "is" : "are"} marked but not outlined in the truth and may show as result only.`);
  } else if (state.mode === "truth") {
    if (!truth) note("There is no truth for this frame.");
    else note(truth.kind === "SEG" ? "Outlines of the truth; colours tell labels apart." : "Tracking markers of the truth: places, not outlines.");
  } else if (state.mode !== "raw") note(tracked ? "Colours tell tracks apart; a track keeps its colour in every frame." : "Colours tell labels apart; without tracks a cell may change its label from frame to frame.");
  if (state.truthLine) note(truth ? "White: truth." : "There is no truth for this frame.");
}

function told(value) {
  if (value === null || value === undefined) return "–";
  return Number.isInteger(value) ? String(value) : value.toFixed(4);
}
