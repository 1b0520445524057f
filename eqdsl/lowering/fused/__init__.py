"""A program's known part as one compiled kernel, and its exact discrete adjoint."""
