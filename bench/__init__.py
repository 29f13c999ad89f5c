"""Benchmarks: `make bench`, or `python -m bench.dispatch` and `python -m bench.logs` alone.

Each starts a separate Muster, measures it together with a floor or a peer in the same run, and
prints ratios: the speed of a shared machine varies, a ratio of two neighbors hardly does.
"""
