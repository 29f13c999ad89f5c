"""Benchmarks: `make bench`, or `python -m bench.dispatch` and `python -m bench.logs` alone.

Each brings up a Muster of its own, measures it next to a floor or a peer in the same run, and
prints ratios: the speed of a shared machine swings, a ratio of two neighbours hardly does.
"""
