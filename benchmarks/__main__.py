"""``python -m benchmarks``: every table."""

from benchmarks.accuracy import main

main()
