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
