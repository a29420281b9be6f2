"""Measurements of the product, printed and never asserted. `make bench` or `python -m benchmarks`."""
