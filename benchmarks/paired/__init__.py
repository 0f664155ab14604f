"""The paired set: laws that nobody tuned to, searched by two states of the project in turn."""
