/* Linear regions: Figure 2 with another width, depth and seed, and eight points whose codes and kernel follow.

Weights and points are multiples of powers of two (naswotbook.play.regions), so that every sum here is exact, and the
codes are those that the library computes from the same network. */
"use strict";

(function () {
  const { element, labelled } = NASWOT;
  const GRID = 256; // points a side at which the plane is looked at
  const STEP = 1 / 16; // by which an arrow key moves a point

  /* The code of an input: a bit a unit, layer by layer, 1 where what enters the ReLU is above 0. */
  NASWOT.code = function (layers, input) {
    const bits = [];
    let values = input;
    for (const { weight, bias } of layers) {
      const before = bias.map((start, unit) => weight[unit].reduce((sum, w, i) => sum + w * values[i], start));
      bits.push(...before.map((value) => (value > 0 ? 1 : 0)));
      values = before.map((value) => Math.max(0, value));
    }
    return bits;
  };

  /* K_H of equation 1: on how many units two codes agree. */
  NASWOT.hammingKernel = (codes) =>
    codes.map((one) => codes.map((other) => one.reduce((sum, bit, i) => sum + (bit === other[i] ? 1 : 0), 0)));

  /* log|det| of a matrix of integers, by elimination without fractions, so that a singular one is seen: −∞. */
  NASWOT.logDeterminant = function (matrix) {
    const rows = matrix.map((row) => row.map(BigInt));
    let before = 1n;
    for (let k = 0; k < rows.length; k++) {
      const pivot = rows.findIndex((row, i) => i >= k && row[k] !== 0n);
      if (pivot < 0) return -Infinity;
      [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
      for (let i = k + 1; i < rows.length; i++) {
        for (let j = k + 1; j < rows.length; j++) {
          rows[i][j] = (rows[i][j] * rows[k][k] - rows[i][k] * rows[k][j]) / before;
        }
      }
      before = rows[k][k];
    }
    return Math.log(Math.abs(Number(before)));
  };

  /* The layers of a network, from its numbers: weights and biases of each layer in turn, in units of data.unit. */
  NASWOT.smallNetwork = function (data, width, depth, seed) {
    const numbers = NASWOT.unpacked(data.networks[`${width}-${depth}-${seed}`]);
    let next = 0;
    const take = (count) => Array.from({ length: count }, () => numbers[next++] * data.unit);
    return Array.from({ length: depth }, (_, layer) => {
      const inputs = layer === 0 ? 2 : width;
      const weight = Array.from({ length: width }, () => take(inputs));
      return { weight, bias: take(width) };
    });
  };

  NASWOT.regions = function (root) {
    const data = NASWOT.data["regions-data"];
    const state = { width: 6, depth: 2, seed: 0, layers: 2, points: data.points.map((point) => [...point]) };
    const canvas = element("canvas", { width: GRID, height: GRID, class: "play-plane", role: "img" });
    const plane = element("div", { class: "play-square" }, canvas);
    const codes = element("tbody");
    const kernel = element("table", { class: "play-matrix" });
    const said = element("output", { "aria-live": "polite" });
    let layers = [];

    /* The codes of the first so many layers at every point of the grid, each as one number of 32 bits at most. */
    function planeCodes(depth) {
      const found = new Uint32Array(GRID * GRID);
      const { width } = state;
      let [values, next] = [new Float64Array(width), new Float64Array(width)];
      for (let i = 0; i < found.length; i++) {
        values[0] = data.extent * ((2 * (i % GRID) + 1) / GRID - 1);
        values[1] = data.extent * (1 - (2 * Math.floor(i / GRID) + 1) / GRID);
        let [code, inputs] = [0, 2];
        for (let layer = 0; layer < depth; layer++) {
          const { weight, bias } = layers[layer];
          for (let unit = 0; unit < width; unit++) {
            let sum = bias[unit];
            for (let j = 0; j < inputs; j++) sum += weight[unit][j] * values[j];
            next[unit] = Math.max(0, sum);
            code = (code << 1) | (sum > 0 ? 1 : 0);
          }
          [values, next] = [next, values];
          inputs = width;
        }
        found[i] = code;
      }
      return found;
    }

    /* Regions of the first layer have hues, those within them shades; lines run between regions. */
    function paint() {
      const [first, all] = [planeCodes(1), planeCodes(state.layers)];
      const dark = document.documentElement.dataset.theme === "dark";
      const context = canvas.getContext("2d");
      const picture = context.createImageData(GRID, GRID);
      const colours = new Map();
      const shades = new Map();
      for (let i = 0; i < all.length; i++) {
        if (!colours.has(first[i])) colours.set(first[i], (colours.size * 137.5) % 360);
        if (!shades.has(all[i])) shades.set(all[i], (shades.size * 0.618) % 1);
        const border = (i % GRID && all[i] !== all[i - 1]) || (i >= GRID && all[i] !== all[i - GRID]);
        const light = (dark ? 24 : 70) + 20 * shades.get(all[i]);
        picture.data.set(border ? (dark ? [235, 235, 235, 255] : [60, 60, 60, 255]) : [...rgb(colours.get(first[i]), light), 255], 4 * i);
      }
      context.putImageData(picture, 0, 0);
      canvas.setAttribute("aria-label", `The plane of inputs, in ${shades.size} linear regions`);
      return shades.size;
    }

    function rgb(hue, light) {
      const part = (n) => {
        const k = (n + hue / 30) % 12;
        const strength = 0.5 * Math.min(light, 100 - light);
        return Math.round(2.55 * (light - strength * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
      };
      return [part(0), part(8), part(4)];
    }

    function update(again) {
      if (again) {
        layers = NASWOT.smallNetwork(data, state.width, state.depth, state.seed);
        state.regions = paint();
      }
      const found = state.points.map((point) => NASWOT.code(layers, point));
      codes.replaceChildren(...found.map((code, i) => element("tr", {},
        element("th", { scope: "row" }, String(i + 1)), element("td", {}, state.points[i].map((x) => x.toFixed(2).replace("-", "−")).join(", ")),
        ...layers.map((_, layer) => element("td", {}, element("code", {}, code.slice(layer * state.width, (layer + 1) * state.width).join("")))))));
      const matrix = NASWOT.hammingKernel(found);
      const units = state.width * state.depth;
      kernel.replaceChildren(element("caption", {}, "K", element("sub", {}, "H"), ": on how many of the units two points agree"),
        element("tbody", {}, ...matrix.map((row) => element("tr", {}, ...row.map((value) =>
          element("td", { style: `--share: ${Math.round((100 * value) / units)}%` }, String(value)))))));
      const score = NASWOT.logDeterminant(matrix);
      const looked = state.layers < state.depth ? `its first ${state.layers} make` : "the network makes";
      const told = score !== -Infinity ? `score ${score.toFixed(3)}` : units < state.points.length - 1
        ? `score −∞: ${units} units cannot tell ${state.points.length} points apart` : "score −∞: rows of the kernel depend on one another";
      said.replaceChildren("N", element("sub", {}, "A"), ` = ${units} units; ${looked} ${state.regions} linear regions here; ${told}.`);
      root.dataset.score = String(score);
      heads.replaceChildren(...["point", "inputs", ...layers.map((_, layer) => `layer ${layer + 1}`)].map((text) => element("th", { scope: "col" }, text)));
      handles.forEach((handle, i) => {
        const [x, y] = state.points[i];
        handle.style.left = `${50 * (1 + x / data.extent)}%`;
        handle.style.top = `${50 * (1 - y / data.extent)}%`;
        handle.setAttribute("aria-label", `point ${i + 1} at ${x}, ${y}; arrow keys move it`);
      });
    }

    const rounded = (value) => Math.max(-data.extent, Math.min(data.extent, Math.round(value / STEP) * STEP));
    const ARROWS = { ArrowRight: [STEP, 0], ArrowLeft: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    const handles = state.points.map((_, i) => element("button", {
      type: "button", class: "play-handle",
      onkeydown: (event) => {
        const move = ARROWS[event.key];
        if (!move) return;
        state.points[i] = state.points[i].map((value, axis) => rounded(value + move[axis]));
        update(false);
        event.preventDefault();
      },
      onpointerdown: (event) => event.target.setPointerCapture(event.pointerId),
      onpointermove: (event) => {
        if (!event.target.hasPointerCapture(event.pointerId)) return;
        const corner = plane.getBoundingClientRect();
        const share = [(event.clientX - corner.left) / corner.width, (event.clientY - corner.top) / corner.height];
        state.points[i] = [rounded(data.extent * (2 * share[0] - 1)), rounded(data.extent * (1 - 2 * share[1]))];
        update(false);
      },
    }, String(i + 1)));
    plane.append(...handles);

    const sliders = {};
    function slider(key, [least, most], text) {
      const shown = element("span", {}, String(state[key]));
      const input = element("input", {
        type: "range", min: least, max: most, step: 1, value: state[key],
        oninput: () => {
          state[key] = Number(input.value);
          if (key === "depth") state.layers = state.depth;
          sliders.layers.input.max = state.depth;
          for (const [name, one] of Object.entries(sliders)) {
            one.input.value = state[name];
            one.shown.textContent = String(state[name]);
          }
          update(true);
        },
      });
      sliders[key] = { input, shown };
      return labelled(`${text} `, input, shown);
    }

    const heads = element("tr");
    root.replaceChildren(
      element("div", { class: "play-controls" },
        slider("width", data.widths, "width, units a layer:"), slider("depth", data.depths, "depth, layers:"),
        slider("seed", data.seeds, "seed of the weights:"), slider("layers", [1, state.depth], "layers drawn:")),
      element("div", { class: "play-beside play-even" }, plane,
        element("div", {}, element("table", { class: "play-codes" }, element("thead", {}, heads), codes), kernel)),
      element("p", { class: "play-result" }, said),
      element("p", { class: "play-help" }, "Drag a point, or go to it with Tab and move it by the arrow keys."));
    update(true);
    NASWOT.redrawn(root, () => paint());
    return { state, planeCodes };
  };

  NASWOT.small = NASWOT.regions(document.getElementById("regions"));
})();
