"use strict";
// A click on a header sorts its column: numbers by value, text by letters, missing values last.
const valueOf = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
const compare = (a, b, sign) => {
  if (a === "" || b === "") return (a === "") - (b === "");
  const difference = Number(a) - Number(b);
  return sign * (Number.isNaN(difference) ? a.localeCompare(b) : difference);
};
for (const header of document.querySelectorAll("th")) {
  header.querySelector("button").addEventListener("click", () => {
    const body = header.closest("table").tBodies[0];
    const descending = header.getAttribute("aria-sort") === "ascending";
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const sorted = [...body.rows].sort((one, two) =>
      compare(valueOf(one, header.cellIndex), valueOf(two, header.cellIndex), descending ? -1 : 1));
    body.append(...sorted);
  });
}
