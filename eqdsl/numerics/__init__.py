"""Grids, ghost cells, integrators. No SymPy, no Lark."""
