"""A program's known part as kernels of Triton: one lane a point, with all ghosts stored."""
