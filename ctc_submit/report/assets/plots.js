// Scores by frame, as plot and as table, and the course of trainings.

const LOSSES_NOT = new Set([
  "epoch", "seg", "matched", "missed", "spurious", "learning_rate", "seconds", "waited", "images_per_second",
]);

const COLUMNS = { seg: "SEG", matched: "mean J of found cells", seconds: "all", waited: "of which waited for frames" };

function plot() {
  const host = byId("plot");
  const choice = byId("measure");
  const known = Object.keys(MEASURES).filter((name) => book.results.some((result) => name in result.series));
  choice.append(...known.map((name) => element("option", { value: name }, optionText(name))));
  let drawnChart = null;
  const render = () => {
    const measure = MEASURES[choice.value];
    const lines = book.results
      .filter((result) => choice.value in result.series)
      .map((result) => ({ name: result.name, values: result.series[choice.value] }));
    const x = { name: frameAxis(), values: Array.from({ length: book.frames }, (_, time) => time) };
    const named = book.results.length > 1;
    drawnChart = chart(host, { x, y: measure, lines, named, pick: (time) => change({ frame: time }) });
    drawnChart.mark(state.frame);
    host.setAttribute("aria-label", `Frame, chosen in the plot of ${measure.name}`);
  };
  for (const [name, value] of Object.entries({ role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": book.frames - 1 })) {
    host.setAttribute(name, value);
  }
  choice.addEventListener("change", render);
  for (const button of document.querySelectorAll("[data-measure]")) {
    button.addEventListener("click", () => {
      choice.value = button.dataset.measure;
      render();
      byId("plot").scrollIntoView({ block: "center" });
      byId("plot").focus({ preventScroll: true });
    });
  }
  render();
  return () => {
    drawnChart.mark(state.frame);
    host.setAttribute("aria-valuenow", state.frame);
  };
}

function optionText(name) {
  const { short } = MEASURES[name];
  return name === short || name === "cells" ? short : `${name}: ${short}`;
}

/** Fills the table of all frames when it is opened. */
function frameTable() {
  const table = byId("frame-table");
  table.closest("details").addEventListener("toggle", () => {
    if (table.rows.length) return;
    const columns = book.results.flatMap((result) => Object.keys(result.series).map((name) => [result, name]));
    const heads = columns.map(([result, name]) => `${book.results.length > 1 ? `${result.name}: ` : ""}${name}`);
    const head = ["frame", ...heads].map((text) => element("th", { scope: "col" }, text));
    table.append(element("thead", {}, element("tr", {}, ...head)));
    const body = element("tbody");
    for (let time = 0; time < book.frames; time++) {
      const jump = element("button", { type: "button", "data-time": time, "aria-label": `Show frame ${time}` }, String(time));
      const cells = columns.map(([result, name]) => element("td", {}, told(result.series[name][time])));
      body.append(element("tr", {}, element("th", { scope: "row" }, jump), ...cells));
    }
    table.append(body);
  });
  table.addEventListener("click", (event) => {
    const { time } = event.target.closest("button")?.dataset ?? {};
    if (time !== undefined) change({ frame: Number(time) });
  });
}

function training() {
  for (const { name, columns } of book.curves) {
    const x = { name: "epoch", values: columns.epoch, bridged: true };
    const taken = (names) => names.filter((each) => columns[each]?.some((value) => value !== null));
    const groups = [
      { y: { name: "loss, its terms and their total [no unit, logarithmic]", log: true }, names: taken(Object.keys(columns).filter((each) => !LOSSES_NOT.has(each))) },
      { y: { name: "on held-out frames: mean Jaccard index, from 0 to 1", most: 1 }, names: taken(["seg", "matched"]) },
      { y: { name: "learning rate [per step]", least: 0 }, names: taken(["learning_rate"]) },
      { y: { name: "speed [images per second]", least: 0 }, names: taken(["images_per_second"]) },
      { y: { name: "time [seconds per epoch]", least: 0 }, names: taken(["seconds", "waited"]) },
    ];
    const hosts = element("div", { class: "columns" });
    byId("curves").append(element("h3", {}, name), hosts);
    byId("training").hidden = false;
    for (const { y, names } of groups) {
      if (!names.some((each) => columns[each].some((value) => value !== null && (!y.log || value > 0)))) continue;
      const host = element("div", { class: "chart" });
      hosts.append(host);
      const lines = names.map((each) => ({ name: COLUMNS[each] ?? each.replaceAll("_", " "), values: columns[each] }));
      chart(host, { x, y, height: 200, lines });
    }
  }
}
