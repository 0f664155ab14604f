# Step function.
heaviside(x, at_zero) = isnan(x) ? x : x > 0 ? 1.0 : x < 0 ? 0.0 : at_zero
