"""Are the probabilities of forms right? See `benchmarks.calibration_of_forms.__main__`."""
