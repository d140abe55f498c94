"""How a battery is read.

Profiles, request planning and decoding are pure; links and the poller touch the network.
"""
