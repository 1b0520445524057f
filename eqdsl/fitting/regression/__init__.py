"""Least squares for what enters the equations linearly."""
