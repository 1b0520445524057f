"""What a fit minimises: one file per objective, listed in `table`."""
