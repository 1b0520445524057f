"""``python -m eqdsl`` is the same as ``eqdsl``."""

from eqdsl.cli.main import main

if __name__ == "__main__":
    main()
