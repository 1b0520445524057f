"""One file per kind of boundary condition."""
