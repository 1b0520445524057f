"""One file per operator: arguments, rank, expansion into axis derivatives."""
