/* log|exp(u) + c|, also where exp(u) is too large for a double. */
static double log_exp_sum(double u, double c)
{
    double small = exp(-fabs(u));
    return u > 0.0 ? u + log(fabs(1.0 + c * small)) : log(fabs(small + c));
}
