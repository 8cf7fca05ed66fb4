/* The explorer: every cell of NAS-Bench-201, its scores and counts, as points to look at, filter, find and pin.

Its data are explorer.js of the built site's data (naswotbook.play.explorer writes it), loaded when the reader asks for
them or the address names cells (#cell=12,345). */
"use strict";

NASWOT.explorer = function (root) {
  const { element, labelled, choice, long, unpacked } = NASWOT;
  const MOST_PINNED = 6;
  const NAMES = ["none", "skip_connect", "1×1 convolution", "3×3 convolution", "3×3 average pool"];
  const state = { x: "num_units", y: "score0", colour: "", number: [-1, -1, -1, -1, -1], text: "", hovered: -1, pinned: [] };
  let cells = null; // numbers, digits, classes, columns, kernels
  let plot = null;
  const parts = {};

  /* The data, unpacked: columns are [name, label, values], in the order of the benchmark's index. */
  function read(data, published) {
    const numbers = unpacked(data.numbers);
    const columns = [...data.columns, ...(published ? published.columns : [])];
    const digits = Array.from(numbers, NASWOT.operations);
    return {
      numbers,
      digits,
      texts: digits.map(NASWOT.cellText),
      counts: digits.map(counted),
      classes: unpacked(data.classes),
      columns: new Map(columns.map(({ name, label, values }) => [name, { label, values: unpacked(values) }])),
      kernels: data.kernels && { ...data.kernels, shares: unpacked(data.kernels.shares), known: unpacked(data.kernels.known) },
      indexOf: new Map(Array.from(numbers, (number, index) => [number, index])),
    };
  }

  /* How many of a cell's six operations are each of NAMES. */
  function counted(six) {
    const counts = [0, 0, 0, 0, 0];
    for (const digit of six) counts[digit]++;
    return counts;
  }

  /* Which points the filters leave, and what the words of the search leave of them. */
  function shown() {
    const words = state.text.split(/\s+/).filter(Boolean);
    return Uint8Array.from(cells.texts, (text, i) =>
      state.number.every((wanted, operation) => {
        const has = cells.counts[i][operation];
        return wanted < 0 || (wanted > 3 ? has > 3 : has === wanted);
      }) && words.every((word) => text.includes(word)) ? 1 : 0);
  }

  const SCALE = ["#3b1f6b", "#364f8c", "#2a788e", "#21a585", "#7ad151", "#c7d12a"]; // from low to high
  const SIX = ["#0072b2", "#56b4e9", "#009e73", "#b8a500", "#e69f00", "#d55e00", "#a0408a"]; // 0 to 6 of an operation

  /* Points by the colour in which they are drawn, and the legend that says so. */
  function coloured() {
    const groups = {};
    const put = (colour, i) => (groups[colour] = groups[colour] || []).push(i);
    if (state.colour === "") {
      cells.texts.forEach((_, i) => put("score", i));
      return { groups, legend: [] };
    }
    if (state.colour.startsWith("of ")) {
      const operation = Number(state.colour.slice(3));
      cells.counts.forEach((counts, i) => put(SIX[counts[operation]], i));
      return { groups, legend: SIX.map((colour, n) => [colour, String(n)]) };
    }
    const { values } = cells.columns.get(state.colour);
    const sorted = Float64Array.from(values).sort();
    const cut = SCALE.map((_, n) => sorted[Math.floor((n / SCALE.length) * sorted.length)]);
    values.forEach((value, i) => put(SCALE[cut.findLastIndex((low) => value >= low)], i));
    return { groups, legend: SCALE.map((colour, n) => [colour, `from ${NASWOT.short(cut[n])}`]) };
  }

  function draw() {
    const visible = shown();
    const { groups, legend } = coloured();
    const [x, y] = [cells.columns.get(state.x), cells.columns.get(state.y)];
    plot.show({ x: x.values, y: y.values, xName: x.label, yName: y.label, shown: visible, groups });
    plot.mark(state.hovered, state.pinned);
    const left = visible.reduce((sum, one) => sum + one, 0);
    parts.count.textContent = `${long(left)} of ${long(visible.length)} cells`;
    parts.legend.replaceChildren(...legend.map(([colour, text]) =>
      element("li", {}, element("span", { style: `background: ${colour}` }), text)));
  }

  function card(index, pinned) {
    const rows = [...cells.columns.values()].map(({ label, values }) =>
      element("tr", {}, element("th", { scope: "row" }, label), element("td", {}, long(values[index]))));
    const alike = cells.classes.reduce((count, one) => count + (one === cells.classes[index]), 0) - 1;
    rows.push(element("tr", {}, element("th", { scope: "row" }, "other cells of the same function"), element("td", {}, long(alike))));
    const place = state.pinned.indexOf(index);
    return element("article", { class: "play-card", "data-index": index },
      element("p", { class: "play-title" }, place < 0 ? "" : `${place + 1}: `, `cell ${long(index)}`,
        element("button", { type: "button", onclick: () => pin(index) }, pinned ? "Unpin" : "Pin")),
      NASWOT.cellDrawing(cells.digits[index]),
      element("code", {}, cells.texts[index]),
      element("div", { class: "play-facts" }, kernel(index), element("table", {}, element("tbody", {}, ...rows))));
  }

  function kernel(index) {
    const kept = cells.kernels;
    const row = cells.classes[index];
    if (!kept || !kept.known[row]) return null;
    const size = (kept.side * (kept.side + 1)) / 2;
    const half = kept.shares.subarray(row * size, (row + 1) * size);
    return NASWOT.kernelPicture(half, kept.side, kept.ends, `Kernel of ${kept.side} images, dark where two are alike`);
  }

  function hover(index) {
    if (index === state.hovered) return;
    state.hovered = index;
    plot.mark(index, state.pinned);
    if (index >= 0) parts.looked.replaceChildren(card(index, state.pinned.includes(index)));
    root.dispatchEvent(new CustomEvent("hovered", { detail: index }));
  }

  function pin(index) {
    const at = state.pinned.indexOf(index);
    if (at >= 0) state.pinned.splice(at, 1);
    else state.pinned = [...state.pinned, index].slice(-MOST_PINNED);
    plot.mark(state.hovered, state.pinned);
    parts.pinned.replaceChildren(...state.pinned.map((one) => card(one, true)));
    if (state.hovered >= 0) parts.looked.replaceChildren(card(state.hovered, state.pinned.includes(state.hovered)));
    history.replaceState(null, "", state.pinned.length ? `#cell=${state.pinned}` : location.pathname + location.search);
    parts.said.textContent = at >= 0 ? `cell ${index} unpinned` : `cell ${index} pinned`;
  }

  /* What the search names: a cell by index or text, else −1. */
  function named(text) {
    const index = /^\d[\d,]*$/.test(text) ? Number(text.replaceAll(",", "")) : cells.indexOf.get(NASWOT.cellNumber(text));
    return index !== undefined && index < cells.numbers.length ? index : -1;
  }

  function search(text) {
    const found = text.trim() ? named(text.trim()) : -1;
    state.text = found < 0 && !/^\d/.test(text.trim()) ? text : "";
    draw();
    if (found >= 0) hover(found);
  }

  function controls() {
    const options = [...cells.columns].map(([name, { label }]) => [name, label]);
    const colours = [["", "no colours"], ...NAMES.map((name, i) => [`of ${i}`, `number of ${name}`]), ...options];
    const set = (key) => (value) => {
      state[key] = value;
      draw();
    };
    const some = [[-1, "any number"], [0, "none"], [1, "1"], [2, "2"], [3, "3"], [4, "4 or more"]];
    const found = element("input", {
      type: "search", placeholder: "index, architecture or a part of it", oninput: () => search(found.value),
      onkeydown: (event) => {
        const index = event.key === "Enter" ? named(found.value.trim()) : -1;
        if (index >= 0 && !state.pinned.includes(index)) pin(index);
      },
    });
    const of = NAMES.map((name, i) => labelled(name, choice(some, -1, (value) => {
      state.number[i] = Number(value);
      draw();
    })));
    return element("div", { class: "play-controls" },
      labelled("across", choice(options, state.x, set("x"))),
      labelled("upwards", choice(options, state.y, set("y"))),
      labelled("coloured by", choice(colours, state.colour, set("colour"))),
      labelled("find", found),
      element("fieldset", {}, element("legend", {}, "how many of its six operations are"), ...of));
  }

  function build() {
    const help = element("p", { class: "play-help", id: "explorer-help" },
      "Click pins a cell, dragging a box zooms in, a double click shows all. By keyboard: arrows go from cell to cell, " +
      "Enter pins, + and − zoom, 0 shows all, Escape lets go.");
    const box = element("div", { class: "play-plot" });
    parts.count = element("output", { class: "play-count", "aria-live": "polite" });
    parts.said = element("p", { class: "play-said", "aria-live": "polite" });
    parts.legend = element("ul", { class: "play-legend" });
    parts.looked = element("div", { class: "play-looked" }, element("p", {}, "The cell under the pointer is drawn here."));
    parts.pinned = element("div", { class: "play-pinned" });
    const button = (text, label, pressed) => element("button", { type: "button", "aria-label": label, onclick: pressed }, text);
    root.replaceChildren(controls(),
      element("div", { class: "play-bar" }, parts.count, button("+", "zoom in", () => plot.zoom(1.6)),
        button("−", "zoom out", () => plot.zoom(1 / 1.6)), button("all", "show all", () => plot.whole())),
      element("div", { class: "play-beside" }, element("div", {}, box, parts.legend, help), parts.looked),
      parts.pinned, parts.said);
    plot = NASWOT.scatter(box, { label: "Scatter plot of the cells", help: "explorer-help", hover, pin });
  }

  async function open() {
    const data = await NASWOT.load("explorer-data");
    const published = root.dataset.published ? await NASWOT.load("explorer-published") : null;
    cells = read(data, published);
    build();
    draw();
    asked().forEach((index) => pin(index));
    root.dataset.open = "true";
  }

  function asked() {
    const [, list] = location.hash.match(/^#cell=([\d,]+)$/) || [];
    return list ? list.split(",").map(Number).filter((index) => index < 15625) : [];
  }

  root.querySelector("button").addEventListener("click", open, { once: true });
  if (asked().length) open();
  return { place: (index) => plot.place(index), by: () => plot.by, shown: () => shown(), state };
};

NASWOT.opened = NASWOT.explorer(document.getElementById("explorer"));
