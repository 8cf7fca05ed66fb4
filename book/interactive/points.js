/* Points on a canvas: thousands at once by WebGL or, in a browser without it, one by one by the canvas itself.

NASWOT.painter(canvas) returns {by: "webgl" or "canvas", paint(picture)}. A picture has
  x, y          numbers a point; what is changed comes in new arrays
  view          [left, right, bottom, top] in these numbers
  area          {left, top, width, height} in pixels of the page: the part of the canvas that has points
  ratio         pixels of the canvas a pixel of the page
  groups        [[colour of CSS, indices], ...], drawn in this order */
"use strict";

(function () {
  const SIZE = 4; // pixels of the page across a point
  const INK = 0.6; // how much of the ground a point covers

  const VERTEX = `#version 300 es
    uniform vec4 view; // left and bottom, then what a whole width and height are to be multiplied with
    uniform float size;
    in vec2 place;
    in vec3 colour;
    out vec3 shade;
    void main() {
      gl_Position = vec4(2.0 * (place - view.xy) * view.zw - 1.0, 0.0, 1.0);
      gl_PointSize = size;
      shade = colour;
    }`;
  const FRAGMENT = `#version 300 es
    precision highp float;
    uniform float size;
    uniform float ink;
    in vec3 shade;
    out vec4 drawn;
    void main() {
      float inside = clamp((0.5 - distance(gl_PointCoord, vec2(0.5))) * size + 0.5, 0.0, 1.0);
      drawn = vec4(shade, 1.0) * ink * inside;
    }`;

  /* Red, green and blue of a colour of CSS, 0 to 255. */
  const dot = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  function rgb(colour) {
    dot.fillStyle = colour;
    dot.fillRect(0, 0, 1, 1);
    return dot.getImageData(0, 0, 1, 1).data.slice(0, 3);
  }

  function sized(canvas, ratio) {
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
  }

  function linked(gl) {
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(`WebGL does not take the program of the points: ${gl.getProgramInfoLog(program)}`);
    }
    return program;
  }

  function byWebGL(canvas) {
    // The drawing is kept, so that the page can be printed and its picture saved.
    const gl = canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true });
    if (!gl) return null;
    let last = null;
    let drawing = null; // the program with its buffers, of this life of the context
    let placed = null; // whose numbers are in the buffer of places

    function build() {
      const program = linked(gl);
      const buffer = (name, size, type, normalised) => {
        const made = gl.createBuffer();
        const at = gl.getAttribLocation(program, name);
        gl.bindBuffer(gl.ARRAY_BUFFER, made);
        gl.enableVertexAttribArray(at);
        gl.vertexAttribPointer(at, size, type, normalised, 0, 0);
        return made;
      };
      placed = null;
      drawing = {
        uniform: (name) => gl.getUniformLocation(program, name),
        places: buffer("place", 2, gl.FLOAT, false),
        colours: buffer("colour", 3, gl.UNSIGNED_BYTE, true),
        order: gl.createBuffer(),
      };
      gl.useProgram(program);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      gl.enable(gl.SCISSOR_TEST);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, drawing.order);
    }

    function fill(target, buffer, values) {
      gl.bindBuffer(target, buffer);
      gl.bufferData(target, values, gl.DYNAMIC_DRAW);
    }

    // Places as shares of the range of all points, which the single precision of a graphics card holds well.
    function ends(values) {
      let [low, high] = [Infinity, -Infinity];
      for (const value of values) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
      return [low, high - low || 1];
    }
    function place({ x, y }) {
      if (placed && placed.x === x && placed.y === y) return;
      placed = { x, y, across: ends(x), up: ends(y) };
      const shares = new Float32Array(2 * x.length);
      for (let i = 0; i < x.length; i++) {
        shares[2 * i] = (x[i] - placed.across[0]) / placed.across[1];
        shares[2 * i + 1] = (y[i] - placed.up[0]) / placed.up[1];
      }
      fill(gl.ARRAY_BUFFER, drawing.places, shares);
    }

    function paint(picture) {
      last = picture;
      if (gl.isContextLost()) return;
      const { view, area, ratio, groups, x } = picture;
      sized(canvas, ratio);
      place(picture);
      const colours = new Uint8Array(3 * x.length);
      const order = Uint32Array.from(groups.flatMap(([, indices]) => indices));
      for (const [colour, indices] of groups) {
        const [red, green, blue] = rgb(colour);
        for (const i of indices) {
          colours[3 * i] = red;
          colours[3 * i + 1] = green;
          colours[3 * i + 2] = blue;
        }
      }
      fill(gl.ARRAY_BUFFER, drawing.colours, colours);
      fill(gl.ELEMENT_ARRAY_BUFFER, drawing.order, order);
      const [left, low, wide, high] = [
        area.left, canvas.clientHeight - area.top - area.height, area.width, area.height,
      ].map((pixels) => Math.round(pixels * ratio));
      gl.scissor(0, 0, canvas.width, canvas.height);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.viewport(left, low, wide, high);
      gl.scissor(left, low, wide, high);
      const [[x0, width], [y0, height]] = [placed.across, placed.up];
      gl.uniform4f(drawing.uniform("view"), (view[0] - x0) / width, (view[2] - y0) / height,
        width / (view[1] - view[0]), height / (view[3] - view[2]));
      gl.uniform1f(drawing.uniform("size"), SIZE * ratio);
      gl.uniform1f(drawing.uniform("ink"), INK);
      gl.drawElements(gl.POINTS, order.length, gl.UNSIGNED_INT, 0);
    }

    build();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault()); // it is asked for again
    canvas.addEventListener("webglcontextrestored", () => {
      build();
      if (last) paint(last);
    });
    return { by: "webgl", paint };
  }

  function byCanvas(canvas) {
    const context = canvas.getContext("2d");

    function paint({ x, y, view, area, ratio, groups }) {
      sized(canvas, ratio);
      context.scale(ratio, ratio);
      context.beginPath();
      context.rect(area.left, area.top, area.width, area.height);
      context.clip();
      context.globalAlpha = INK;
      const across = area.width / (view[1] - view[0]);
      const up = area.height / (view[3] - view[2]);
      for (const [colour, indices] of groups) {
        context.fillStyle = colour;
        for (const i of indices) {
          const left = area.left + (x[i] - view[0]) * across;
          const top = area.top + (view[3] - y[i]) * up;
          context.fillRect(left - SIZE / 2, top - SIZE / 2, SIZE, SIZE);
        }
      }
    }
    return { by: "canvas", paint };
  }

  NASWOT.painter = (canvas) => byWebGL(canvas) || byCanvas(canvas);
})();
