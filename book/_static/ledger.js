/* The ledger of claims: filters by verdict, part and words, and sorts by a column. Without this file it is a table in the
   order of the paper. Each row carries a mark, <span class="claim" id data-verdict data-part>, made by naswotbook.ledger. */
(function () {
  "use strict";

  function setUp() {
    const form = document.querySelector("form.ledger-form");
    const table = document.querySelector("table.ledger");
    if (!form || !table) return; // another page

    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const marks = rows.map((row) => row.querySelector("span.claim"));
    const texts = rows.map((row) => row.textContent.toLowerCase());
    // Verdicts in the order of the form, which is from what holds to what was not run.
    const verdicts = Array.from(form.elements.verdict.options, (option) => option.value);

    function filter() {
      const verdict = form.elements.verdict.value;
      const part = form.elements.part.value;
      const words = form.elements.words.value.toLowerCase().split(" ").filter(Boolean);
      let shown = 0;
      rows.forEach((row, i) => {
        const fits =
          (!verdict || marks[i].dataset.verdict === verdict) &&
          (!part || marks[i].dataset.part === part) &&
          words.every((word) => texts[i].includes(word));
        row.hidden = !fits;
        shown += fits;
      });
      form.querySelector("output").textContent = `${shown} of ${rows.length} claims`;
    }

    // The order of the paper, unless a column is asked for.
    function sort(column, direction) {
      const order = rows.map((_, i) => i);
      const key = (i) => {
        const text = rows[i].cells[column].textContent.trim();
        return column === rows[i].cells.length - 1 ? verdicts.indexOf(marks[i].dataset.verdict) : text;
      };
      const compare = (a, b) =>
        typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
      if (direction) order.sort((a, b) => direction * compare(key(a), key(b)) || a - b);
      body.append(...order.map((i) => rows[i]));
    }

    const heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")];
        heads.forEach((other) => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", next);
        sort(column, { none: 0, ascending: 1, descending: -1 }[next]);
      });
    });

    // A link to a claim shows it, whatever was filtered, with its remarks.
    function follow() {
      const mark = marks.find((one) => one.id && `#${one.id}` === window.location.hash);
      if (!mark) return;
      form.reset();
      filter();
      const row = mark.closest("tr");
      row.querySelectorAll("details").forEach((details) => (details.open = true));
      row.scrollIntoView({ block: "center" });
    }

    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("hashchange", follow);
    form.hidden = false;
    filter();
    follow();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", setUp);
  else setUp();
})();
