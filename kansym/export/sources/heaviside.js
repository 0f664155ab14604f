// Step function.
function heaviside(x, atZero) {
  return Number.isNaN(x) ? NaN : x > 0 ? 1 : x < 0 ? 0 : atZero;
}
