"""``python -m benchmarks``: every table."""

from benchmarks import accuracy, learned, startup, stiff, transport

for table in (startup, stiff, transport, learned, accuracy):
    table.main()
