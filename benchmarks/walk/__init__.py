"""Manufactured problems for every operator, wall, order, dimension and kind of grid: texts of models, and their errors."""
