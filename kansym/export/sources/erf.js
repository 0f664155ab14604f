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
