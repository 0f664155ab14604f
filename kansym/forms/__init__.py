"""How probable each form is, what would decide between them, and what they predict together."""
