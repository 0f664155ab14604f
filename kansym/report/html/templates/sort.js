"use strict";
(() => {
  for (const button of document.querySelectorAll("th button[data-column]")) {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const rising = head.getAttribute("aria-sort") !== "ascending";
      const body = head.closest("table").tBodies[0];
      const column = Number(button.dataset.column);
      const numeric = button.dataset.numeric === "true";
      const key = (row) => {
        const text = row.cells[column].dataset.sort;
        return numeric ? (text === "" ? Infinity : Number(text)) : text;
      };
      const compare = numeric ? (a, b) => a - b : (a, b) => a.localeCompare(b, undefined, { numeric: true });
      const rows = [...body.rows].sort((a, b) => (rising ? 1 : -1) * compare(key(a), key(b)));
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      body.append(...rows);
    });
  }
})();
