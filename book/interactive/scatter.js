/* A scatter plot of thousands of points: hover, pin and zoom, with the pointer and by keyboard.

NASWOT.scatter(box, {label, help, hover(index or -1), pin(index)}) draws into an element and returns
  show({x, y, xName, yName, shown, groups})  x, y: numbers a point, −∞ along the edge; shown: 0 or 1 a point;
                                             groups: {colour name: indices}, drawn in this order
  mark(hovered, pinned)                      rings around points
  zoom(factor), whole()                      also by +, − and 0
and by, "webgl" or "canvas": what points.js draws them with.
Three canvases lie over one another, axes, points and rings, so that a hover redraws a few rings and not the points. */
"use strict";

NASWOT.scatter = function (box, { label, help, hover, pin }) {
  const { element, colours, ticks, short } = NASWOT;
  const MARGIN = { left: 66, right: 12, top: 12, bottom: 48 };
  const NEAR = 24; // pixels within which a point is under the pointer
  const axes = element("canvas", { class: "play-axes", "aria-hidden": "true" });
  const points = element("canvas", { class: "play-points", "aria-hidden": "true" });
  const rings = element("canvas", {
    class: "play-rings", tabindex: 0, role: "application", "aria-label": label, "aria-describedby": help,
  });
  const size = { width: 0, height: 0 };
  let data = null;
  let view = null; // [left, right, bottom, top] in numbers of the data
  let lookup = null; // points by square of the screen
  let marked = { hovered: -1, pinned: [] };
  let dragged = null;
  box.append(axes, points, rings);
  const painter = NASWOT.painter(points);

  /* Where numbers stand: equal ones are spread where there are few different ones, and −∞ has a place below the rest. */
  function placed(values, spread) {
    const finite = Array.from(values).filter(Number.isFinite);
    const low = finite.reduce((a, b) => Math.min(a, b), Infinity);
    const high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
    const range = high - low || 1;
    const different = spread ? [...new Set(finite)].sort((a, b) => a - b) : [];
    const few = different.length > 1 && different.length <= 60;
    const gap = few ? Math.min(...different.slice(1).map((value, i) => value - different[i])) : 0;
    const floor = low - 0.07 * range;
    const at = Float64Array.from(values, (value, i) =>
      value === -Infinity ? floor : value + gap * 0.7 * ((((i * 0.618034) % 1) + 1) % 1 - 0.5));
    const singular = finite.length < values.length;
    return { at, singular, floor, ends: [(singular ? floor : low - gap / 2) - 0.02 * range, high + gap / 2 + 0.02 * range] };
  }

  const across = (x) => MARGIN.left + ((x - view[0]) / (view[1] - view[0])) * (size.width - MARGIN.left - MARGIN.right);
  const down = (y) => size.height - MARGIN.bottom - ((y - view[2]) / (view[3] - view[2])) * (size.height - MARGIN.top - MARGIN.bottom);
  const inside = (x, y) => x >= MARGIN.left && x <= size.width - MARGIN.right && y >= MARGIN.top && y <= size.height - MARGIN.bottom;
  const asX = (pixel) => view[0] + ((pixel - MARGIN.left) / (size.width - MARGIN.left - MARGIN.right)) * (view[1] - view[0]);
  const asY = (pixel) => view[2] + ((size.height - MARGIN.bottom - pixel) / (size.height - MARGIN.top - MARGIN.bottom)) * (view[3] - view[2]);

  const density = () => window.devicePixelRatio || 1;

  function cleared(canvas) {
    const ratio = density();
    canvas.width = Math.round(size.width * ratio);
    canvas.height = Math.round(size.height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    return context;
  }

  function drawAxes(context, colour) {
    context.font = "13px system-ui, sans-serif";
    context.lineWidth = 1;
    const line = (x0, y0, x1, y1) => {
      context.beginPath();
      context.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
      context.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
      context.stroke();
    };
    const bottom = size.height - MARGIN.bottom;
    context.strokeStyle = colour.line;
    context.fillStyle = colour.ink;
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const value of ticks(view[0], view[1], size.width / 80)) {
      line(across(value), MARGIN.top, across(value), bottom + 4);
      context.fillText(short(value), across(value), bottom + 7);
    }
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const value of ticks(view[2], view[3], size.height / 70)) {
      if (data.y.singular && value < data.y.floor + 0.04 * (view[3] - view[2])) continue;
      line(MARGIN.left - 4, down(value), size.width - MARGIN.right, down(value));
      context.fillText(short(value), MARGIN.left - 8, down(value));
    }
    if (data.y.singular && inside(MARGIN.left, down(data.y.floor))) context.fillText("−∞", MARGIN.left - 8, down(data.y.floor));
    context.textAlign = "center";
    context.textBaseline = "bottom";
    context.fillText(data.xName, (MARGIN.left + size.width - MARGIN.right) / 2, size.height - 4);
    context.save();
    context.translate(4, (MARGIN.top + bottom) / 2);
    context.rotate(-Math.PI / 2);
    context.textBaseline = "top";
    context.fillText(data.yName, 0, 0);
    context.restore();
  }

  function draw() {
    if (!data) return;
    size.width = box.clientWidth;
    size.height = box.clientHeight;
    lookup = null;
    const colour = colours(box);
    drawAxes(cleared(axes), colour);
    const area = {
      left: MARGIN.left, top: MARGIN.top,
      width: size.width - MARGIN.left - MARGIN.right, height: size.height - MARGIN.top - MARGIN.bottom,
    };
    const groups = Object.entries(data.groups).map(([name, indices]) => [colour[name] || name, indices.filter((i) => data.shown[i])]);
    painter.paint({ x: data.x.at, y: data.y.at, view, area, ratio: density(), groups });
    drawRings();
  }

  function drawRings() {
    if (!data) return;
    const colour = colours(box);
    const context = cleared(rings);
    const ring = (i, radius, ink, text) => {
      const [x, y] = [across(data.x.at[i]), down(data.y.at[i])];
      if (!inside(x, y)) return;
      context.lineWidth = 2.5;
      context.strokeStyle = ink;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.stroke();
      if (!text) return;
      context.font = "bold 13px system-ui, sans-serif";
      context.lineWidth = 4;
      context.strokeStyle = colour.ground;
      context.strokeText(text, x + 10, y - 8);
      context.fillStyle = colour.ink;
      context.fillText(text, x + 10, y - 8);
    };
    marked.pinned.forEach((i, place) => ring(i, 7, colour.mark, String(place + 1)));
    if (marked.hovered >= 0) ring(marked.hovered, 6, colour.ink, "");
    if (dragged && dragged.box) {
      const { from, to } = dragged;
      context.lineWidth = 1;
      context.strokeStyle = colour.ink;
      context.strokeRect(Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]));
    }
  }

  function squares() {
    if (lookup) return lookup;
    lookup = new Map();
    for (let i = 0; i < data.x.at.length; i++) {
      const [x, y] = [across(data.x.at[i]), down(data.y.at[i])];
      if (!data.shown[i] || !inside(x, y)) continue;
      const key = Math.floor(x / NEAR) * 10000 + Math.floor(y / NEAR);
      if (lookup.has(key)) lookup.get(key).push(i);
      else lookup.set(key, [i]);
    }
    return lookup;
  }

  function nearest(x, y) {
    let [best, least] = [-1, NEAR * NEAR];
    for (let column = -1; column <= 1; column++) {
      for (let row = -1; row <= 1; row++) {
        for (const i of squares().get((Math.floor(x / NEAR) + column) * 10000 + Math.floor(y / NEAR) + row) || []) {
          const apart = (across(data.x.at[i]) - x) ** 2 + (down(data.y.at[i]) - y) ** 2;
          if (apart < least) [best, least] = [i, apart];
        }
      }
    }
    return best;
  }

  /* The next point in a direction on the screen: little to the side counts for more than little ahead. */
  function beside(from, [right, low]) {
    const [x, y] = [across(data.x.at[from]), down(data.y.at[from])];
    let [best, least] = [from, Infinity];
    for (let i = 0; i < data.x.at.length; i++) {
      if (!data.shown[i] || i === from) continue;
      const [dx, dy] = [across(data.x.at[i]) - x, down(data.y.at[i]) - y];
      const ahead = right * dx + low * dy;
      if (ahead < 1 || !inside(x + dx, y + dy)) continue;
      const way = ahead + 3 * Math.abs(right ? dy : dx);
      if (way < least) [best, least] = [i, way];
    }
    return best;
  }

  function highest() {
    let best = -1;
    for (let i = 0; i < data.x.at.length; i++) {
      if (data.shown[i] && (best < 0 || data.y.at[i] > data.y.at[best])) best = i;
    }
    return best;
  }

  function zoom(factor, x = (view[0] + view[1]) / 2, y = (view[2] + view[3]) / 2) {
    view = [x + (view[0] - x) / factor, x + (view[1] - x) / factor, y + (view[2] - y) / factor, y + (view[3] - y) / factor];
    draw();
  }

  function whole() {
    view = [...data.x.ends, ...data.y.ends];
    draw();
  }

  const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  rings.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !data) return;
    const at = marked.hovered;
    const about = at < 0 ? [] : [data.x.at[at], data.y.at[at]];
    if (ARROWS[event.key]) hover(at < 0 ? highest() : beside(at, ARROWS[event.key]));
    else if ((event.key === "Enter" || event.key === " ") && at >= 0) pin(at);
    else if (event.key === "Escape") hover(-1);
    else if (event.key === "+" || event.key === "=") zoom(1.6, ...about);
    else if (event.key === "-") zoom(1 / 1.6, ...about);
    else if (event.key === "0") whole();
    else return;
    event.preventDefault();
  });

  const place = (event) => {
    const corner = rings.getBoundingClientRect();
    return [event.clientX - corner.left, event.clientY - corner.top];
  };
  rings.addEventListener("pointerdown", (event) => {
    if (data && event.button === 0) dragged = { from: place(event), to: place(event), box: false };
  });
  rings.addEventListener("pointermove", (event) => {
    if (!data) return;
    const at = place(event);
    if (dragged && event.pointerType === "mouse") {
      dragged.to = at;
      dragged.box = dragged.box || Math.hypot(at[0] - dragged.from[0], at[1] - dragged.from[1]) > 8;
      drawRings();
    }
    if (!dragged || !dragged.box) hover(nearest(...at));
  });
  rings.addEventListener("pointerup", (event) => {
    if (!dragged) return;
    const { from, to, box: isBox } = dragged;
    dragged = null;
    if (isBox) {
      view = [
        asX(Math.min(from[0], to[0])), asX(Math.max(from[0], to[0])), asY(Math.max(from[1], to[1])), asY(Math.min(from[1], to[1])),
      ];
      draw();
    } else {
      const found = nearest(...place(event));
      hover(found);
      if (found >= 0 && event.pointerType === "mouse") pin(found); // a finger first looks, and pins by the button
    }
  });
  rings.addEventListener("pointercancel", () => (dragged = null));
  rings.addEventListener("dblclick", whole);
  NASWOT.redrawn(box, draw);

  return {
    show({ x, y, xName, yName, shown, groups }) {
      const moved = !data || data.given[0] !== x || data.given[1] !== y;
      data = moved ? { x: placed(x, true), y: placed(y, false), given: [x, y] } : data;
      Object.assign(data, { xName, yName, shown, groups });
      if (moved) whole();
      else draw();
    },
    mark(hovered, pinned) {
      marked = { hovered, pinned };
      drawRings();
    },
    zoom: (factor) => zoom(factor),
    whole,
    by: painter.by,
    place: (i) => [across(data.x.at[i]), down(data.y.at[i])],
  };
};
