"""Speed, with peers in the same run: ``python -m benchmarks.speed``; see `benchmarks/README.md`."""
