"""One file per data layout."""
