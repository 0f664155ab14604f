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
