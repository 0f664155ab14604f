// sin(x)/x.
function sinc(x) {
  return x === 0 ? 1 : Math.sin(x) / x;
}
