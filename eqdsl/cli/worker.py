"""The process of a trial or a member: `eqdsl fit` that stops cleanly when the one that started it is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading

from eqdsl.cli.main import run


def main() -> None:
    """Run the command line in the arguments; end of standard input asks it to stop."""
    threading.Thread(target=_stop_with_the_starter, daemon=True).start()
    sys.exit(run(sys.argv[1:]))


def _stop_with_the_starter() -> None:
    # Only the starter holds the other end: it ends when the starter does, also by `kill -9`.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
