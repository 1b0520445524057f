"""States on faces from values in cells: one file per scheme, and a table."""
