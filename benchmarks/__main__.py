"""``python -m benchmarks``: every table."""

from benchmarks import accuracy, startup

startup.main()
accuracy.main()
