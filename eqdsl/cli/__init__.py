"""The command line. `main.main` is the console script; one file per command in `commands`, listed in `table.py`.

Importing a command loads neither torch, SymPy nor h5py: a command that computes imports what it needs when it runs, so
that ``--help``, ``check``, ``show`` and ``fmt`` answer at once.
"""
