"""Training and matching beside pykan 0.2.8."""
