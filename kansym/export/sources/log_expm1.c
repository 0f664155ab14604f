/* log|exp(u) - 1|, also where exp(u) is too large for a double or close to 1. */
static double log_expm1(double u)
{
    return (u > 0.0 ? u : 0.0) + log(fabs(expm1(-fabs(u))));
}
