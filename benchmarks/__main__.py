"""``python -m benchmarks``: every table."""

from benchmarks import accuracy, orders, startup, stiff, transport

for table in (startup, stiff, transport, orders, accuracy):
    table.main()
