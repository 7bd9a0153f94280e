"""Benchmarks: figures of ours beside those of a peer, and whether the goals were met."""
