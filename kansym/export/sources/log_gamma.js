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
