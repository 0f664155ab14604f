"""Conserved quantities: functions of the state that stay as they are along a motion, from data alone or of a system."""
