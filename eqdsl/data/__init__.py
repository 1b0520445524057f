"""Trajectories and the files they come from. Loads neither torch nor SymPy."""
