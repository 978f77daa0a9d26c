"""One module per row of performance.md, with a tuple ROWS: the row at each of its sizes, beside each of its peers."""
