"""Configuration, objective, multiplier, trainer, run folder."""
