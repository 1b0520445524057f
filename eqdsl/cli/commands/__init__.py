"""One file per command; the list is `eqdsl.cli.table`."""
