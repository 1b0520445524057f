"""Joins the two halves: a checked model and a grid become a straight-line program, the program a vector field."""
