// sin(x)/x.
function sinc(x) {
  return x === 0 ? 1 : Math.sin(x) / x;
}

// Step function.
function heaviside(x, atZero) {
  return Number.isNaN(x) ? NaN : x > 0 ? 1 : x < 0 ? 0 : atZero;
}

// log|exp(u) + c|, also where exp(u) is too large for a number.
function logExpSum(u, c) {
  const small = Math.exp(-Math.abs(u));
  return u > 0 ? u + Math.log(Math.abs(1 + c * small)) : Math.log(Math.abs(small + c));
}

// log|exp(u) - 1|, also where exp(u) is too large for a number or close to 1.
function logExpm1(u) {
  return Math.max(u, 0) + Math.log(Math.abs(Math.expm1(-Math.abs(u))));
}

// Airy function Ai: exp(-2/3 x^1.5)/pi times the integral of exp(-sqrt(x) t^2) cos(t^3/3) for x > 1, Taylor steps
// of y'' = x y from 0, and the asymptotic series (DLMF 9.7.9) for x < -9.
function airyAi(x) {
  if (x > 1) {
    const root = Math.sqrt(x);
    const step = 6.5 / Math.sqrt(root) / 160;
    let sum = 0.5;
    for (let i = 1; i <= 160; i++) {
      const t = i * step;
      sum += Math.exp(-root * t * t) * Math.cos(t * t * t / 3);
    }
    return Math.exp(-2 / 3 * x * root) * sum * step / Math.PI;
  }
  if (x < -9) {
    const size = -x;
    const zeta = 2 / 3 * size * Math.sqrt(size);
    const parts = [0, 0];
    let term = 1;
    for (let n = 0; n < 18; n++) {
      parts[n % 2] += n % 4 < 2 ? term : -term;
      term *= (6 * n + 1) * (6 * n + 3) * (6 * n + 5) / (216 * (n + 1) * (2 * n + 1)) / zeta;
    }
    const [c, s] = [Math.cos(zeta), Math.sin(zeta)];
    return ((c + s) * parts[0] + (s - c) * parts[1]) / Math.sqrt(2 * Math.PI * Math.sqrt(size));
  }
  const step = x / 20;
  let y = 0.3550280538878172;
  let slope = -0.2588194037928068;
  for (let i = 0; i < 20; i++) {
    const at = i * step;
    let [before, a, b, power, sum, rise] = [0, y, slope, step, y + slope * step, slope];
    for (let n = 0; n < 30; n++) {
      // y'' = x y for the coefficients about `at`.
      const c = (at * a + before) / ((n + 2) * (n + 1));
      rise += (n + 2) * c * power;
      power *= step;
      sum += c * power;
      [before, a, b] = [a, b, c];
    }
    y = sum;
    slope = rise;
  }
  return y;
}

// Bessel functions J0 and J1: Bessel's integral by the midpoint rule, and Hankel's expansion (DLMF 10.17.3) for
// |x| > 25.
function besselJ(order, x) {
  const size = Math.abs(x);
  if (size <= 25) {
    let sum = 0;
    for (let k = 0; k < 16; k++) {
      const s = Math.sin((k + 0.5) * Math.PI / 32);
      sum += order === 0 ? Math.cos(x * s) : Math.sin(x * s) * s;
    }
    return sum / 16;
  }
  const parts = [0, 0];
  let term = 1;
  for (let k = 0; k < 24; k++) {
    parts[k % 2] += k % 4 < 2 ? term : -term;
    term *= (4 * order * order - (2 * k + 1) * (2 * k + 1)) / (8 * (k + 1)) / size;
  }
  const [c, s] = [Math.cos(size), Math.sin(size)];
  const [cosine, sine] = order === 0 ? [c + s, s - c] : [s - c, -(s + c)];
  const value = (parts[0] * cosine - parts[1] * sine) / Math.sqrt(Math.PI * size);
  return order === 1 && x < 0 ? -value : value;
}

// Logarithm of the gamma function of a positive number: Stirling's series (DLMF 5.11.1) for x + n > 12.
function logGamma(x) {
  if (!(x > 0)) {
    return NaN;
  }
  let shift = 0;
  let z = x;
  let product = 1;
  while (z < 12) {
    product *= z;
    z += 1;
    if (product > 1e200) {
      shift += Math.log(product);
      product = 1;
    }
  }
  const w = 1 / (z * z);
  const series = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - w * 691 / 360360))))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.9189385332046727 + series - shift - Math.log(product);
}

// Gamma function: by recurrence to Stirling's series (DLMF 5.11.3), and by reflection.
function gamma(x) {
  if (x < 0.5) {
    return x === Math.floor(x) ? NaN : Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  }
  if (x > 171.7) {
    return Infinity;
  }
  let product = 1;
  let z = x;
  while (z < 12) {
    product *= z;
    z += 1;
  }
  const w = 1 / (z * z);
  const series = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - w * 691 / 360360))))) / z;
  // The power in two halves: it leaves double precision before the gamma function does.
  const half = Math.pow(z, (z - 0.5) / 2);
  return half * Math.exp(-z) * half * Math.sqrt(2 * Math.PI) * Math.exp(series) / product;
}

// Error function, by its series.
function erf(x) {
  if (Math.abs(x) > 2.5) {
    return Math.sign(x) * (1 - erfc(Math.abs(x)));
  }
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

// Complementary error function: a continued fraction (DLMF 7.9.1) for x > 2.
function erfc(x) {
  if (Number.isNaN(x) || x <= 2) {
    return 1 - erf(x);
  }
  let fraction = x;
  for (let k = 80; k >= 1; k--) {
    fraction = x + k / 2 / fraction;
  }
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
