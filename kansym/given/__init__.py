"""Searches where a part of the law is given."""
