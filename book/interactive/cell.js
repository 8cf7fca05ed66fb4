/* Drawings of a NAS-Bench-201 cell: its four nodes and six operations, and the kernel of an untrained network. */
"use strict";

(function () {
  const { drawn, element } = NASWOT;
  // Sources and targets in the order of the architecture's text, and where nodes, curves and labels stand.
  NASWOT.EDGES = [[0, 1], [0, 2], [1, 2], [0, 3], [1, 3], [2, 3]];
  NASWOT.OPERATIONS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"];
  const NAMES = { none: "none", skip_connect: "skip", nor_conv_1x1: "1×1 conv", nor_conv_3x3: "3×3 conv", avg_pool_3x3: "pool 3×3" };
  const KINDS = { none: "none", skip_connect: "skip", nor_conv_1x1: "conv", nor_conv_3x3: "conv", avg_pool_3x3: "pool" };
  const NODES = [[16, 100], [136, 100], [256, 100], [376, 100]];
  const BENDS = { "0,2": -52, "0,3": -92, "1,3": 52 }; // how far above or below the row of nodes a curve runs

  /* Six operations, numbers of NASWOT.OPERATIONS, from the number of a cell: digits to the base of five. */
  NASWOT.operations = function (number) {
    const found = [];
    for (let edge = 5; edge >= 0; edge--) {
      found[edge] = number % 5;
      number = Math.floor(number / 5);
    }
    return found;
  };

  /* The text of a cell, as its benchmark writes it; and the number of a cell from its text, or −1. */
  NASWOT.cellText = function (operations) {
    const term = (edge) => `${NASWOT.OPERATIONS[operations[edge]]}~${NASWOT.EDGES[edge][0]}`;
    return `|${term(0)}|+|${term(1)}|${term(2)}|+|${term(3)}|${term(4)}|${term(5)}|`;
  };
  NASWOT.cellNumber = function (text) {
    const terms = text.trim().match(/[a-z_0-9]+~[0-2]/g) || [];
    const digits = terms.map((term) => NASWOT.OPERATIONS.indexOf(term.split("~")[0]));
    if (digits.length !== 6 || digits.includes(-1) || NASWOT.cellText(digits) !== text.trim()) return -1;
    return digits.reduce((number, digit) => 5 * number + digit, 0);
  };

  function edge(number, operation) {
    const [source, target] = NASWOT.EDGES[number];
    const [[x0, y0], [x1, y1]] = [NODES[source], NODES[target]];
    const bend = BENDS[[source, target]] || 0;
    const kind = KINDS[operation];
    const [middle, height] = [(x0 + x1) / 2, y0 + bend * 0.75];
    const path = bend
      ? `M${x0},${y0 + Math.sign(bend) * 13} C${x0 + 30},${y0 + bend} ${x1 - 30},${y1 + bend} ${x1},${y1 + Math.sign(bend) * 15}`
      : `M${x0 + 14},${y0} L${x1 - 16},${y1}`;
    return drawn("g", { class: `play-edge play-${kind}` },
      drawn("path", { d: path, "marker-end": "url(#play-arrow)" }),
      drawn("rect", { x: middle - 38, y: height - 11, width: 76, height: 22, rx: 4 }),
      drawn("text", { x: middle, y: height + 4.5 }, NAMES[operation]));
  }

  /* The cell as a drawing. */
  NASWOT.cellDrawing = function (operations) {
    const names = operations.map((operation) => NASWOT.OPERATIONS[operation]);
    const said = names.map((name, i) => `${NASWOT.EDGES[i].join(" to ")} ${NAMES[name]}`).join(", ");
    const arrow = drawn("marker", { id: "play-arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" },
      drawn("path", { d: "M0,0 L8,4 L0,8 z" }));
    const nodes = NODES.map(([x, y], i) =>
      drawn("g", { class: "play-node" }, drawn("circle", { cx: x, cy: y, r: 13 }), drawn("text", { x, y: y + 5 }, String(i))));
    return drawn("svg", { viewBox: "0 14 392 142", class: "play-cell", role: "img", "aria-label": `Cell: ${said}` },
      drawn("defs", {}, arrow), ...names.map((name, i) => edge(i, name)), ...nodes);
  };

  /* The kernel as a picture of side × side pixels, dark where two images are alike. half: shares of units on which they
  agree, 0 to 255, of the pairs i ≤ j row by row; ends: the shares that are white and black. */
  NASWOT.kernelPicture = function (half, side, ends, label) {
    const canvas = element("canvas", { width: side, height: side, class: "play-kernel", role: "img", "aria-label": label });
    const picture = new ImageData(side, side);
    let next = 0;
    for (let i = 0; i < side; i++) {
      for (let j = i; j < side; j++) {
        const share = (half[next++] / 255 - ends[0]) / (ends[1] - ends[0]);
        const grey = Math.round(255 * (1 - Math.min(1, Math.max(0, share))));
        picture.data.set([grey, grey, grey, 255], 4 * (i * side + j));
        picture.data.set([grey, grey, grey, 255], 4 * (j * side + i));
      }
    }
    canvas.getContext("2d").putImageData(picture, 0, 0);
    return canvas;
  };
})();
