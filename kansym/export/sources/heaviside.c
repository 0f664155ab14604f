/* Step function. */
static double heaviside(double x, double at_zero)
{
    return isnan(x) ? x : x > 0.0 ? 1.0 : x < 0.0 ? 0.0 : at_zero;
}
