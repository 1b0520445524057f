"""One file per integrator family, one line each in the table."""
