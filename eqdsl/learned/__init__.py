"""The torch modules a learned term can become, by what they may see."""
