"""eqdsl: differential equations of which a part is known and the rest is learned from data."""
