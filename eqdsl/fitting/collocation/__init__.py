"""States as networks of time and position."""
