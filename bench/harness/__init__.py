"""Measures Muster beside what bounds it. `bench/run --help` says how."""
