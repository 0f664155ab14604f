"""How fast steps and searches are, beside another state of the project."""
