"""Made-up batteries that speak real Modbus TCP and SNMP, for tests, training and the demo."""
