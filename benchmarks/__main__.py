"""``python -m benchmarks``: every table."""

from benchmarks import accuracy, startup, stiff, transport

for table in (startup, stiff, transport, accuracy):
    table.main()
