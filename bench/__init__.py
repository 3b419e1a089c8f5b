"""How fast Clockwire is beside what people use today, measured in one run by `make bench`: see docs/benchmarks.md."""
