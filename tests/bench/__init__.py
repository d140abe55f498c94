"""Benchmarks: how much of the machine batteryd needs, beside what the bare libraries need."""
