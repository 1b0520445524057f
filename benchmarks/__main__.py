"""``python -m benchmarks``: every table."""

from benchmarks import accuracy, memory, orders, startup, stiff, transport

for table in (startup, stiff, transport, orders, memory, accuracy):
    table.main()
