# log|exp(u) + c|, also where exp(u) is too large for a Float64.
function log_exp_sum(u, c)
    small = exp(-abs(u))
    return u > 0 ? u + log(abs(1 + c * small)) : log(abs(small + c))
end
