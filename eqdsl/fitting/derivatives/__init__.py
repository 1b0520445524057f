"""How rates of change are read off data: one file per method, listed in `table`."""
