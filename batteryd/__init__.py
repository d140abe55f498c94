"""batteryd watches the lithium-ion batteries behind UPSs and says when work on them must wait.

Read the packages as a sentence: devices are read, the store remembers, rules raise alarms, notify
tells people, warranty and clearance gate work, reports prove it, the web shows it.
"""

__version__ = "0.1.0"
