"""When a reading matters: one class a rule kind, the alarm lifecycle and the engine. Pure."""
