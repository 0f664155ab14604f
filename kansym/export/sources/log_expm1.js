// log|exp(u) - 1|, also where exp(u) is too large for a number or close to 1.
function logExpm1(u) {
  return Math.max(u, 0) + Math.log(Math.abs(Math.expm1(-Math.abs(u))));
}
