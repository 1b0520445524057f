"""What was learned: ledger, curves, formulas, report."""
