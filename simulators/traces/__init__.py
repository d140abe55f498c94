"""Makes recordings of racks whose truth is known, faster than they could be lived through.

`simulators.world` answers a client second by second; here a rack's days are made at one go, from a
seed, to measure what detectors find and how often they cry wolf.
"""
