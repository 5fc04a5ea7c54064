"""Benchmarks: each piece of work beside its limit, interleaved in one run, medians and ratios."""
