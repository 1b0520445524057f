"""One file a row of the goals; `table` lists them."""
