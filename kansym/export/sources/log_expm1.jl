# log|exp(u) - 1|, also where exp(u) is too large for a Float64 or close to 1.
log_expm1(u) = max(u, 0) + log(abs(expm1(-abs(u))))
