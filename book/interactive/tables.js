/* Tables that one can sort and filter: those inside an element of the class play-table.

A heading becomes a button that sorts by its column, up and then down; a field above keeps the rows with all its words.
Without this script they are plain tables. */
"use strict";

(function () {
  const { element } = NASWOT;

  /* What a cell sorts by: a number where it begins with one, else its text. */
  function key(cell) {
    const text = cell.textContent.trim();
    const number = Number.parseFloat(text.replaceAll(",", "").replace("−", "-"));
    return Number.isNaN(number) || /^[0-9a-f]{8,}$/.test(text) ? text.toLowerCase() : number;
  }

  function compared(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return typeof a === typeof b ? a.localeCompare(b) : typeof a === "number" ? -1 : 1;
  }

  function sortable(table, count) {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach((head, column) => {
      const button = element("button", { type: "button", class: "play-sort" }, ...head.childNodes);
      button.addEventListener("click", () => {
        const falls = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", falls ? "descending" : "ascending");
        const sorted = [...rows].sort((a, b) => compared(key(a.cells[column]), key(b.cells[column])));
        body.append(...(falls ? sorted.reverse() : sorted));
      });
      head.replaceChildren(button);
    });
    return function filter(text) {
      const words = text.toLowerCase().split(/\s+/).filter(Boolean);
      const kept = rows.filter((row) => {
        row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
        return !row.hidden;
      });
      count.textContent = `${kept.length} of ${rows.length} rows`;
    };
  }

  for (const box of document.querySelectorAll(".play-table")) {
    const count = element("output", { "aria-live": "polite" });
    const filter = sortable(box.querySelector("table"), count);
    const field = element("input", { type: "search", oninput: () => filter(field.value) });
    box.prepend(element("div", { class: "play-controls play" }, NASWOT.labelled("rows with the words", field), count));
    filter("");
  }
})();
