static double square(double x)
{
    return x * x;
}

static double cube(double x)
{
    return x * x * x;
}

/* -1, 0 or 1. */
static double sign(double x)
{
    return isnan(x) ? x : (double)((x > 0.0) - (x < 0.0));
}

/* sin(x)/x. */
static double sinc(double x)
{
    return x == 0.0 ? 1.0 : sin(x) / x;
}

/* Step function. */
static double heaviside(double x, double at_zero)
{
    return isnan(x) ? x : x > 0.0 ? 1.0 : x < 0.0 ? 0.0 : at_zero;
}

/* log|exp(u) + c|, also where exp(u) is too large for a double. */
static double log_exp_sum(double u, double c)
{
    double small = exp(-fabs(u));
    return u > 0.0 ? u + log(fabs(1.0 + c * small)) : log(fabs(small + c));
}

/* log|exp(u) - 1|, also where exp(u) is too large for a double or close to 1. */
static double log_expm1(double u)
{
    return (u > 0.0 ? u : 0.0) + log(fabs(expm1(-fabs(u))));
}

/* Airy function Ai: exp(-2/3 x^1.5)/pi times the integral of exp(-sqrt(x) t^2) cos(t^3/3) for x > 1, Taylor steps
   of y'' = x y from 0, and the asymptotic series (DLMF 9.7.9) for x < -9. */
static double airy_ai(double x)
{
    const double pi = 3.141592653589793;
    int i, n;
    if (x > 1.0) {
        double root = sqrt(x), step = 6.5 / sqrt(root) / 160.0, sum = 0.5;
        for (i = 1; i <= 160; i++) {
            double t = i * step;
            sum += exp(-root * t * t) * cos(t * t * t / 3.0);
        }
        return exp(-2.0 / 3.0 * x * root) * sum * step / pi;
    }
    if (x < -9.0) {
        double size = -x, zeta = 2.0 / 3.0 * size * sqrt(size);
        double parts[2] = {0.0, 0.0}, term = 1.0;
        for (n = 0; n < 18; n++) {
            parts[n % 2] += n % 4 < 2 ? term : -term;
            term *= (6.0 * n + 1.0) * (6.0 * n + 3.0) * (6.0 * n + 5.0) / (216.0 * (n + 1.0) * (2.0 * n + 1.0)) / zeta;
        }
        return ((cos(zeta) + sin(zeta)) * parts[0] + (sin(zeta) - cos(zeta)) * parts[1]) / sqrt(2.0 * pi * sqrt(size));
    }
    {
        double step = x / 20.0, y = 0.35502805388781723926, slope = -0.25881940379280679841;
        for (i = 0; i < 20; i++) {
            double at = i * step, before = 0.0, a = y, b = slope, power = step, sum = y + slope * step, rise = slope;
            for (n = 0; n < 30; n++) {
                /* y'' = x y for the coefficients about `at`. */
                double c = (at * a + before) / ((n + 2.0) * (n + 1.0));
                rise += (n + 2.0) * c * power;
                power *= step;
                sum += c * power;
                before = a;
                a = b;
                b = c;
            }
            y = sum;
            slope = rise;
        }
        return y;
    }
}
