# sin(x)/x; Julia's own sinc is that of pi*x.
sinc_of(x) = iszero(x) ? one(float(x)) : sin(x) / x
