"""The journal (time series), the ledger (alarms, outbox, audit chain) and the InfluxDB follower."""
