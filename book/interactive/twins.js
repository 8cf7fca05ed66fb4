/* Menus of the interactive twins: an option names the traces of its plot that are seen together. */
"use strict";

for (const menu of document.querySelectorAll("select[data-plot]")) {
  menu.onchange = function () {
    const plot = document.getElementById(menu.dataset.plot);
    const seen = menu.selectedOptions[0].dataset.traces.split(" ").map(Number);
    Plotly.restyle(plot, { visible: plot.data.map((_, trace) => seen.includes(trace)) });
  };
}
