/* What the interactive pages share: packed numbers, elements, the colours of the theme, scripts that hold data.

A page names its scripts in the order in which it needs them; all of them hang what they give on window.NASWOT. Data
come as scripts too (NASWOT.data), since a page that is opened from a folder may not fetch files. */
"use strict";

(function () {
  const play = (window.NASWOT = window.NASWOT || { data: {} });
  const TYPES = {
    u1: Uint8Array, i1: Int8Array, u2: Uint16Array, i2: Int16Array, u4: Uint32Array, i4: Int32Array,
    f4: Float32Array, f8: Float64Array,
  };
  const FOLDER = document.currentScript.src.replace(/[^/]*$/, "");
  const SVG = "http://www.w3.org/2000/svg";

  /* Numbers that naswotbook.play.scripts.packed wrote. */
  play.unpacked = function ({ type, base64 }) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    return new TYPES[type](bytes.buffer);
  };

  function filled(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  /* An element of the page, and one of a drawing; attributes that begin with "on" are listeners. */
  play.element = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);
  play.drawn = (tag, attributes = {}, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

  /* A control under its name, which may be followed by what it is set to; more is a class of both. */
  let labels = 0;
  play.labelled = function (name, control, set = "", more = "") {
    control.id = control.id || `play-control-${labels++}`;
    return play.element("div", { class: `play-field ${more}` }, play.element("label", { for: control.id }, name, set), control);
  };

  /* A choice: options are [value, text]. */
  play.choice = function (options, chosen, changed) {
    const select = play.element("select", { onchange: () => changed(select.value) });
    for (const [value, text] of options) select.append(play.element("option", { value }, text));
    select.value = chosen;
    return select;
  };

  /* A script of the folder that this one lies in; the promise is kept once it has run. */
  play.load = (name) =>
    new Promise((resolve, reject) => {
      const script = play.element("script", { src: `${FOLDER}${name}.js` });
      script.onload = () => resolve(play.data[name]);
      script.onerror = () => reject(new Error(`${name}.js is not there`));
      document.head.append(script);
    });

  /* The colours in which to draw inside an element: custom properties of play.css, whose names begin with --play-. */
  play.colours = function (element) {
    const style = getComputedStyle(element);
    const names = ["ink", "muted", "line", "ground", "surface", "score", "count", "other", "mark"];
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--play-${name}`).trim()]));
  };

  /* Draw again when the reader changes between light and dark, and when the element has another width. */
  play.redrawn = function (element, draw) {
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    let width = element.clientWidth;
    new ResizeObserver(() => {
      if (element.clientWidth !== width) {
        width = element.clientWidth;
        draw();
      }
    }).observe(element);
  };

  /* Round values between two numbers for an axis, about so many. */
  play.ticks = function (low, high, count) {
    const rough = (high - low) / Math.max(1, count);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((digit) => digit * power).find((size) => size >= rough);
    const found = [];
    for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) {
      found.push(Math.abs(value) < step * 1e-9 ? 0 : value);
    }
    return found;
  };

  const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });
  const long = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  play.short = (value) => (Math.abs(value) < 1e5 || !Number.isFinite(value) ? play.long(value) : short.format(value));
  play.long = (value) => (value === -Infinity ? "−∞" : long.format(value).replace("-", "−"));
})();
