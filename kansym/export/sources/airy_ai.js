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
