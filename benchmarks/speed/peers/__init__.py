"""One file a peer; each runs in a process of its own, with the libraries of its own environment."""
