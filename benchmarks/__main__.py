"""``python -m benchmarks``: every table."""

from benchmarks import accuracy, memory, startup, stiff, transport

for table in (startup, stiff, transport, memory, accuracy):
    table.main()
