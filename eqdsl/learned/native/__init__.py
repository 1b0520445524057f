"""Learned terms as generated C: all layers of a tile at once, never a tensor (points x width) in memory."""
