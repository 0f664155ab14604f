// log|exp(u) + c|, also where exp(u) is too large for a number.
function logExpSum(u, c) {
  const small = Math.exp(-Math.abs(u));
  return u > 0 ? u + Math.log(Math.abs(1 + c * small)) : Math.log(Math.abs(small + c));
}
