"""What every other part stands on: source text, diagnostics, errors, units. Imports nothing outside the standard library."""
