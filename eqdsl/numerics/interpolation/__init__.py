"""Values between the points of a grid: one file per kernel, and a table."""
