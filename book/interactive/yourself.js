/* Search yourself: what the best of N random networks is worth, by the score, by a count, or drawn blindly.

The curves are the closed form's (naswotbook.play.yourself): for each set of networks, way to choose and N the mean, the
standard deviation and quantiles of the accuracy of what is chosen. Only these summaries are here. */
"use strict";

NASWOT.yourself = function (root) {
  const { element, drawn, labelled, choice, ticks, unpacked } = NASWOT;
  const data = NASWOT.data["yourself-data"];
  const curves = data.sets.map((set) => ({ ...set, ways: set.ways.map((way) => ({ ...way, rows: rows(way) })) }));
  const state = { set: 0, at: Math.max(0, data.numbers.indexOf(100)), off: new Set() };
  const parts = {};
  const WIDE = 720;

  /* A way's numbers as rows by N: mean, std, then quantiles. */
  function rows(way) {
    const flat = unpacked(way.values);
    const size = 2 + data.shares.length;
    return data.numbers.map((_, i) => Array.from(flat.subarray(i * size, (i + 1) * size)));
  }

  const quantile = (row, share) => row[2 + data.shares.indexOf(share)];
  const line = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" L")}`;
  const shownWays = () => curves[state.set].ways.filter((way) => !state.off.has(way.name));

  function frame(height, [left, right], [low, high], logarithmic, [xName, yName]) {
    const wide = Math.max(320, Math.min(WIDE, root.clientWidth));
    const box = { left: 58, right: wide - 26, top: 10, bottom: height - 44 };
    const warp = logarithmic ? Math.log10 : (value) => value;
    const across = (x) => box.left + ((warp(x) - warp(left)) / (warp(right) - warp(left))) * (box.right - box.left);
    const down = (y) => box.bottom - ((y - low) / (high - low)) * (box.bottom - box.top);
    const svg = drawn("svg", { viewBox: `0 0 ${wide} ${height}`, class: "play-chart", role: "img" });
    const marks = logarithmic ? [1, 10, 100, 1000].filter((n) => n >= left && n <= right) : ticks(left, right, wide / 110);
    for (const x of marks) {
      svg.append(drawn("path", { class: "play-grid", d: `M${across(x)},${box.top} V${box.bottom + 4}` }),
        drawn("text", { x: across(x), y: box.bottom + 19, class: "play-middle" }, NASWOT.long(x)));
    }
    for (const y of yName ? ticks(low, high, 5) : []) {
      svg.append(drawn("path", { class: "play-grid", d: `M${box.left - 4},${down(y)} H${box.right}` }),
        drawn("text", { x: box.left - 8, y: down(y) + 4.5, class: "play-end" }, NASWOT.long(y)));
    }
    svg.append(drawn("text", { x: (box.left + box.right) / 2, y: height - 4, class: "play-middle" }, xName),
      drawn("text", { transform: `translate(14 ${(box.top + box.bottom) / 2}) rotate(-90)`, class: "play-middle" }, yName));
    return { svg, across, down, box };
  }

  /* Mean accuracy against N, with the middle half of the runs, and where the slider stands. */
  function curvesDrawing() {
    const ways = shownWays();
    const all = ways.flatMap((way) => way.rows.flatMap((row) => [quantile(row, 0.25), quantile(row, 0.75), row[0]]));
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const pad = 0.04 * (high - low || 1);
    const range = [low - pad, high + pad];
    const { svg, across, down, box } = frame(300, [1, data.numbers.at(-1)], range, true, ["N, networks looked at", "accuracy (%)"]);
    for (const way of ways) {
      const edge = (share) => way.rows.map((row, i) => [across(data.numbers[i]), down(quantile(row, share))]);
      svg.append(drawn("path", { class: `play-band play-${way.kind}`, d: `${line([...edge(0.25), ...edge(0.75).reverse()])} Z` }));
    }
    for (const way of ways) {
      const mean = way.rows.map((row, i) => [across(data.numbers[i]), down(row[0])]);
      svg.append(drawn("path", { class: `play-line play-${way.kind}`, d: line(mean) }));
    }
    svg.append(drawn("path", { class: "play-now", d: `M${across(data.numbers[state.at])},${box.top} V${box.bottom}` }));
    svg.setAttribute("aria-label", "Mean accuracy of what each way chooses, against the number of networks that it looks at");
    return svg;
  }

  /* How accurate the chosen network is over all runs with this N: steps as high as the runs lie close. */
  function distributionDrawing() {
    const ways = shownWays();
    const now = ways.map((way) => way.rows[state.at]);
    // What random choice finds now and then, far below all others, would leave these no room: it is cut off.
    const judged = state.at > 0 ? ways.filter((way) => way.kind !== "random") : [];
    const least = (judged.length ? judged : ways).map((way) => quantile(way.rows[state.at], judged.length ? 0.01 : 0.1));
    const low = Math.min(...least);
    const high = Math.max(...now.map((row) => row.at(-1)));
    const pad = 0.03 * (high - low || 1);
    const steps = now.map((row) => data.shares.slice(1).map((share, i) => {
      const [from, to] = [row[2 + i], row[3 + i]];
      return { from, to, height: (share - data.shares[i]) / Math.max(to - from, 0.05) };
    }));
    const top = Math.max(...steps.flat().map((step) => step.height)) * 1.05;
    const { svg, across, down, box } = frame(230, [low - pad, high + pad], [0, top], false, ["accuracy of what is chosen (%)", ""]);
    const clip = drawn("clipPath", { id: "yourself-clip" },
      drawn("rect", { x: box.left, y: 0, width: box.right - box.left, height: box.bottom }));
    svg.append(drawn("defs", {}, clip));
    ways.forEach((way, n) => {
      const path = [`M${across(steps[n][0].from)},${box.bottom}`];
      for (const { from, to, height } of steps[n]) path.push(`L${across(from)},${down(height)} L${across(to)},${down(height)}`);
      path.push(`L${across(steps[n].at(-1).to)},${box.bottom}`);
      const shape = (part, end) => drawn("path", { class: `play-${part} play-${way.kind}`, d: path.join(" ") + end, "clip-path": "url(#yourself-clip)" });
      svg.append(shape("band", " Z"), shape("line", ""));
    });
    svg.setAttribute("aria-label", `Distribution of the accuracy of what is chosen among ${data.numbers[state.at]} networks`);
    return svg;
  }

  function said() {
    const set = curves[state.set];
    return set.ways.map((way) => {
      const row = way.rows[state.at];
      return element("tr", {},
        element("th", { scope: "row" }, element("label", {}, element("input", {
          type: "checkbox", checked: !state.off.has(way.name), onchange: (event) => {
            state.off[event.target.checked ? "delete" : "add"](way.name);
            if (shownWays().length === 0) state.off.clear();
            draw();
          },
        }), element("span", { class: `play-key play-${way.kind}` }), way.name)),
        ...[row[0], row[1], quantile(row, 0.05), quantile(row, 0.5), quantile(row, 0.95)].map((value) => element("td", {}, value.toFixed(2))));
    });
  }

  function draw() {
    const set = curves[state.set];
    parts.curves.replaceChildren(curvesDrawing(), distributionDrawing());
    parts.rows.replaceChildren(...said());
    parts.number.textContent = `N = ${NASWOT.long(data.numbers[state.at])}`;
    parts.about.textContent = set.about;
    root.dataset.number = data.numbers[state.at];
  }

  const slider = element("input", {
    type: "range", min: 0, max: data.numbers.length - 1, value: state.at,
    oninput: () => {
      state.at = Number(slider.value);
      slider.setAttribute("aria-valuetext", `N = ${data.numbers[state.at]}`);
      draw();
    },
  });
  parts.number = element("span");
  parts.curves = element("div", {});
  parts.rows = element("tbody");
  parts.about = element("p", { class: "play-help" });
  const heads = ["way to choose", "mean", "std", "5%", "median", "95%"].map((text) => element("th", { scope: "col" }, text));
  root.replaceChildren(
    element("div", { class: "play-controls" },
      labelled("networks", choice(curves.map((set, i) => [i, set.name]), 0, (value) => {
        state.set = Number(value);
        draw();
      })),
      labelled("networks looked at: ", slider, parts.number, "play-wide")),
    parts.curves,
    element("div", { class: "play-scroll" }, element("table", {}, element("thead", {}, element("tr", {}, ...heads)), parts.rows)),
    parts.about);
  draw();
  NASWOT.redrawn(root, draw);
};

NASWOT.yourself(document.getElementById("yourself"));
