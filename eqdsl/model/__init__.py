"""The checked model: names resolved, ranks known, every expression scalar. `eqdsl.model.symbolic` alone loads SymPy."""
