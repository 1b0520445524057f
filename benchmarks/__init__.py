"""Measurements: each table of the documentation is made by one command here."""
