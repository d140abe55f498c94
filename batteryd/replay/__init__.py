"""Runs the rules on recorded data, without a clock and without a network."""
