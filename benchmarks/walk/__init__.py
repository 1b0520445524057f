"""Manufactured problems for every operator, wall, order, dimension and kind of grid: models and their errors."""
