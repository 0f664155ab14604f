"""kansym: from a table of measurements to a closed-form law."""
