"""Equations of motion: from trajectories to dx/dt = f(x, u, t), with constants from integrated trajectories."""
