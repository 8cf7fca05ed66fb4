/* Tables that one can sort and filter: the ledger of claims, and those inside an element of the class play-table.

A heading becomes a button that sorts by its column: up, down, and as it was. What a cell sorts by is the business of an
order function, which each kind of table has. Without this script they are plain tables in their own order. */
(function () {
  "use strict";

  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };
  const WAYS = { none: 0, ascending: 1, descending: -1 };

  // The order of most tables: a cell that begins with a number sorts by it, before any text; "3f9a0c1e" is no number.
  function byContent(cell) {
    const text = cell.textContent.trim();
    const number = Number.parseFloat(text.replaceAll(",", "").replace("−", "-"));
    return Number.isNaN(number) || /^[0-9a-f]{8,}$/.test(text) ? text.toLowerCase() : number;
  }

  function compared(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a.localeCompare(b, "en", { numeric: true });
  }

  // Headings that sort; order(cell) is what a cell sorts by. Returns the rows in their own order.
  function sortable(table, order = byContent) {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach((head, column) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "sort" });
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const next = NEXT[head.getAttribute("aria-sort")];
        heads.forEach((other) => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", next);
        const keys = rows.map((row) => order(row.cells[column]));
        const sorted = rows.map((_, i) => i).sort((a, b) => WAYS[next] * compared(keys[a], keys[b]) || a - b);
        body.append(...sorted.map((i) => rows[i]));
      });
    });
    return rows;
  }

  // A filter that shows the rows which fit, and says how many these are.
  function showing(rows, output, what) {
    return (fits) => {
      rows.forEach((row) => (row.hidden = !fits(row)));
      output.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} ${what}`;
    };
  }

  // Whether a row has all the words of a text.
  function having(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    return (row) => words.every((word) => row.textContent.toLowerCase().includes(word));
  }

  function setUpTable(box) {
    const output = Object.assign(document.createElement("output"), { ariaLive: "polite" });
    const field = Object.assign(document.createElement("input"), { type: "search" });
    const [controls, label] = [document.createElement("div"), document.createElement("label")];
    const show = showing(sortable(box.querySelector("table")), output, "rows");
    label.append("rows with the words ", field);
    controls.append(label, output);
    controls.className = "table-form";
    field.addEventListener("input", () => show(having(field.value)));
    box.prepend(controls);
    show(having(""));
  }

  // Each row of the ledger carries a mark, <span class="claim" id data-verdict data-part>, made by naswotbook.ledger.
  function setUpLedger(form, table) {
    const mark = (row) => row.querySelector("span.claim");
    // Verdicts in the order of the form, which is from what holds to what was not run.
    const verdicts = Array.from(form.elements.verdict.options, (option) => option.value);
    const isVerdict = (cell) => cell.cellIndex === cell.parentElement.cells.length - 1;
    const rows = sortable(table, (cell) =>
      isVerdict(cell) ? verdicts.indexOf(mark(cell.parentElement).dataset.verdict) : byContent(cell));
    const show = showing(rows, form.querySelector("output"), "claims");

    function filter() {
      const { verdict, part, words } = form.elements;
      const has = having(words.value);
      const wanted = (field, value) => !field.value || field.value === value;
      show((row) => wanted(verdict, mark(row).dataset.verdict) && wanted(part, mark(row).dataset.part) && has(row));
    }

    // A link to a claim shows it, whatever was filtered, with its remarks.
    function follow() {
      const row = rows.find((one) => mark(one).id && `#${mark(one).id}` === window.location.hash);
      if (!row) return;
      form.reset();
      filter();
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

  function setUp() {
    const [form, table] = [document.querySelector("form.ledger-form"), document.querySelector("table.ledger")];
    if (form && table) setUpLedger(form, table);
    document.querySelectorAll(".play-table").forEach(setUpTable);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", setUp);
  else setUp();
})();
