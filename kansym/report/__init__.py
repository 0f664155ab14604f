"""What a run says: its summary and the report in plain text."""
