// What scrolls in its own box can be reached, and scrolled, with the keyboard.
const BOXES = ".table-box, figure, .text_html, mjx-container[display], pre, .genindextable";

function markBoxes() {
  for (const box of document.querySelectorAll(BOXES.split(", ").map((name) => `.bd-article ${name}`).join(", "))) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    if (!scrolls || box.hasAttribute("tabindex")) continue;
    box.tabIndex = 0;
    if (box.tagName !== "FIGURE") box.setAttribute("role", "region");
    if (!box.hasAttribute("aria-label")) box.setAttribute("aria-label", "a part of the page that scrolls");
  }
}

addEventListener("load", markBoxes);
addEventListener("resize", markBoxes);
