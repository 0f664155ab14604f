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
