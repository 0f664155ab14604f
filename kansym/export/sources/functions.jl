# log|exp(u) + c|, also where exp(u) is too large for a Float64.
function log_exp_sum(u, c)
    small = exp(-abs(u))
    return u > 0 ? u + log(abs(1 + c * small)) : log(abs(small + c))
end

# log|exp(u) - 1|, also where exp(u) is too large for a Float64 or close to 1.
log_expm1(u) = max(u, 0) + log(abs(expm1(-abs(u))))

# Step function.
heaviside(x, at_zero) = isnan(x) ? x : x > 0 ? 1.0 : x < 0 ? 0.0 : at_zero

# sin(x)/x; Julia's own sinc is that of pi*x.
sinc_of(x) = iszero(x) ? one(float(x)) : sin(x) / x
