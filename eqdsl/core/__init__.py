"""What every other part stands on: text, diagnostics, errors, units. Imports only the standard library."""
