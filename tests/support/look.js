// What a test wants to know of a page, as it is displayed: sizes, pictures, text that is too faint, what cannot be reached.
() => {
  const article = document.querySelector(".bd-article") || document.querySelector("#main-content") || document.body;
  const rgba = (text) => {
    const [r, g, b, a = 1] = (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    return [r, g, b, a];
  };
  const over = (top, below) => top.slice(0, 3).map((value, i) => value * top[3] + below[i] * (1 - top[3]));
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((value) => {
      const share = value / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const shown = (element) => element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) && element.getClientRects().length > 0;

  const faint = new Map();
  const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
  const looked = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || looked.has(element) || element.closest("svg, mjx-container, script, style, .js-plotly-plot")) continue;
    looked.add(element);
    if (!shown(element)) continue;
    const below = ground(element), text = over(rgba(getComputedStyle(element).color), below);
    const [low, high] = [light(below), light(text)].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (contrast < (size >= 24 ? 3 : 4.5)) faint.set(`${element.tagName}.${element.className}`.slice(0, 60), [Math.round(contrast * 10) / 10, node.textContent.trim().slice(0, 30)]);
  }

  const scrolls = (box) => {
    const style = getComputedStyle(box);
    const along = (overflow, whole, window) => /auto|scroll/.test(overflow) && whole > window + 1;
    return along(style.overflowX, box.scrollWidth, box.clientWidth) || along(style.overflowY, box.scrollHeight, box.clientHeight);
  };
  const unreachable = [];
  for (const box of article.querySelectorAll("*")) {
    const control = box.matches("a[href], button, select, input, summary, [onclick]") && !box.matches("[aria-hidden=true], .headerlink, [hidden]");
    if ((control || scrolls(box)) && shown(box) && box.tabIndex < 0 && !box.disabled && !box.closest(".js-plotly-plot, mjx-container"))
      unreachable.push(`${box.tagName}.${box.className}`.slice(0, 60));
  }

  const pictures = Array.from(article.querySelectorAll("img"), (image) => {
    const source = decodeURI(image.currentSrc || image.src).split("/").pop();
    const caption = image.closest("figure")?.querySelector("figcaption");
    return {
      source,
      alt: image.alt,
      caption: caption ? parseFloat(getComputedStyle(caption).fontSize) : 0,
      scale: image.naturalWidth ? image.getBoundingClientRect().width / image.naturalWidth : 0,
    };
  }).filter((picture) => picture.scale > 0);
  const tall = document.querySelector("main").getBoundingClientRect().height;
  return {
    window: innerWidth,
    wide: document.documentElement.scrollWidth,
    tall: Math.max(tall, document.documentElement.scrollHeight),
    pictures,
    faint: Object.fromEntries(faint),
    unreachable: [...new Set(unreachable)],
  };
}
