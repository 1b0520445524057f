"""``python -m benchmarks``: every table."""

from benchmarks import accuracy, learned, memory, orders, startup, stiff, transport

for table in (startup, stiff, transport, orders, memory, learned, accuracy):
    table.main()
