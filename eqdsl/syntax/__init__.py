"""Text to syntax tree. The only part that loads Lark."""
