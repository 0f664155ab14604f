"""Test error at equal time beside pykan, layers in the style of efficient-kan, and jaxkan."""
