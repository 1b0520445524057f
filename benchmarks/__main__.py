"""``python -m benchmarks``: every table."""

from benchmarks import accuracy, startup, stiff

startup.main()
stiff.main()
accuracy.main()
