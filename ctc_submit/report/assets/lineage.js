// The lineage of a result: time to the right, a line a track, mothers between their daughters.

const ROW = 16;
const NAME_WIDTH = 48;

function lineage(host) {
  const place = Number(host.dataset.result);
  const { name, tracks } = book.results[place];
  const rows = new Map(tracks.map(([label], row) => [label, row]));
  const byLabel = new Map(tracks.map((track) => [track[0], track]));
  const children = new Map();
  for (const [, , , parent] of tracks) children.set(parent, (children.get(parent) ?? 0) + 1);
  const picture = drawn("svg", { height: tracks.length * ROW + 4, role: "presentation" });
  const list = element("div", { class: "list", tabindex: "0", role: "listbox", "aria-label": `Tracks of ${name}` }, picture);
  const axis = drawn("svg", { height: 26, "aria-hidden": "true" });
  const unit = element("div", { class: "small" }, frameAxis());
  host.replaceChildren(list, element("div", { class: "axis" }, axis), unit);
  let across = null;
  let chosen = 0;

  const render = () => {
    const width = Math.max(200, list.clientWidth);
    across = (time) => NAME_WIDTH + (time / book.frames) * (width - NAME_WIDTH - 8);
    picture.setAttribute("width", width);
    picture.setAttribute("viewBox", `0 0 ${width} ${tracks.length * ROW + 4}`);
    const forks = tracks.flatMap((track) => forkOf(track));
    picture.replaceChildren(...forks, ...tracks.map((track, row) => barOf(track, row, width)));
    picture.append(drawn("line", { class: "now", y1: 0, y2: tracks.length * ROW + 4 }));
    axis.setAttribute("width", width);
    axis.setAttribute("viewBox", `0 0 ${width} 26`);
    axis.replaceChildren(...axisOf(width));
    now();
    mark();
  };
  const middle = (row) => row * ROW + ROW / 2 + 2;
  const forkOf = ([label, begin, , parent]) => {
    const mother = byLabel.get(parent);
    if (!mother) return [];
    const path = `M${across(mother[2] + 1)} ${middle(rows.get(parent))}L${across(begin)} ${middle(rows.get(label))}`;
    return [drawn("path", { class: "fork", d: path, "stroke-dasharray": children.get(parent) > 1 ? "" : "2 3" })];
  };
  const barOf = ([label, begin, end, parent], row, width) => {
    const told = `track ${label}, frames ${begin} to ${end}${parent ? `, from track ${parent}` : ""}`;
    const option = drawn("g", { id: `track-${place}-${label}`, role: "option", "aria-label": told, "data-row": row });
    option.append(
      drawn("rect", { class: "hit", x: 0, y: row * ROW + 2, width: NAME_WIDTH - 4, height: ROW }),
      drawn("text", { x: NAME_WIDTH - 8, y: middle(row) + 4, "text-anchor": "end" }, String(label)),
      drawn("rect", {
        x: across(begin), y: middle(row) - 4, width: Math.max(2, across(end + 1) - across(begin)), height: 8,
        fill: `rgb(${colourOf(label).join(" ")})`, stroke: "var(--soft)", "stroke-width": 0.7,
      }),
    );
    return option;
  };
  const axisOf = (width) => {
    const times = rounds(0, book.frames, Math.max(2, width / 110)).filter((time) => time < book.frames && time % 1 === 0);
    const line = drawn("line", { class: "axis-line", x1: NAME_WIDTH, x2: width - 8, y1: 3, y2: 3 });
    return [line, ...times.flatMap((time) => [
      drawn("line", { class: "axis-line", x1: across(time + 0.5), x2: across(time + 0.5), y1: 3, y2: 8 }),
      drawn("text", { x: across(time + 0.5), y: 21, "text-anchor": "middle" }, String(time)),
    ])];
  };
  const now = () => {
    const at = across(state.frame + 0.5);
    const line = picture.querySelector(".now");
    line.setAttribute("x1", at);
    line.setAttribute("x2", at);
  };
  const mark = () => {
    picture.querySelector("[aria-selected]")?.removeAttribute("aria-selected");
    const row = rows.get(state.track);
    list.removeAttribute("aria-activedescendant");
    if (row === undefined) return;
    chosen = row;
    const option = picture.querySelector(`[data-row="${row}"]`);
    option.setAttribute("aria-selected", "true");
    list.setAttribute("aria-activedescendant", option.id);
    const [top, bottom] = [row * ROW, (row + 1) * ROW + 4];
    if (top < list.scrollTop) list.scrollTop = top;
    else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  };

  list.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    if (event.shiftKey || event.ctrlKey || event.altKey) return;
    if (event.key in steps) {
      const from = state.track ? chosen : -Math.sign(steps[event.key]);
      const row = within(from + steps[event.key], 0, tracks.length - 1);
      change({ track: tracks[row][0] });
    } else if (event.key === "Enter" && rows.has(state.track)) change({ frame: tracks[chosen][1] });
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  picture.addEventListener("click", (event) => {
    const option = event.target.closest('[role="option"]');
    if (!option) return;
    const [label, begin, end] = tracks[Number(option.dataset.row)];
    const right = event.clientX - picture.getBoundingClientRect().left;
    const share = (right - NAME_WIDTH) / (across(book.frames) - NAME_WIDTH);
    const time = right < NAME_WIDTH ? begin : Math.floor(share * book.frames);
    change({ track: label, frame: within(time, begin, end) });
  });
  whenChanged((names) => {
    if (names.has("frame")) now();
    if (names.has("track")) mark();
  });
  new ResizeObserver(render).observe(list);
  render();
}

function frameAxis() {
  if (!book.minutes) return "frame";
  return `frame (${Number(book.minutes.toPrecision(3))} min from one to the next)`;
}
