"""The multiplier: the weight of the misfit against the norm of the learned terms."""
