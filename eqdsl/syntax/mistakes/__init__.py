"""Why a statement cannot be read: one recogniser per habit or slip, tried in the order of `table.py`."""
