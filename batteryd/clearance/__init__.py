"""What work may start: checks PW-01 to PW-09 as pure functions of written-down facts."""
