"""What the operator wrote: settings, inventory, register and secrets, checked as one.

Every mistake of every file is found in one go, and a configuration is either whole or not used.
"""
