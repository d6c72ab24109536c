// The phi functions of exponential integrators. Numbers only, float64: upstream's float32 recurrences lose their digits to
// cancellation when steps are small.

/**
 * phi_k(z) less its limit 1/k! at z = 0, where phi_1 = (e^z - 1) / z and phi_(k+1) = (phi_k - 1/k!) / z: what the k-th
 * difference weighs. Exact to rounding; at z = -Infinity it is -1/k!. NaN at z = 0, where the formula is 0 / 0: a step of no
 * length is to be found out, not weighed.
 */
export function phiLessLimit(k: number, z: number): number {
  if (z === 0) return Number.NaN;
  if (Math.abs(z) < 1) return tail(k, z);
  if (k === 1) return Math.expm1(z) / z - 1;
  return phiLessLimit(k - 1, z) / z - 1 / factorial(k);
}

/** k! */
export function factorial(k: number): number {
  return k < 2 ? 1 : k * factorial(k - 1);
}

/** z / (k+1)! + z^2 / (k+2)! + ..., until a term no longer counts. */
function tail(k: number, z: number): number {
  let term = z / factorial(k + 1);
  let sum = 0;
  for (let n = k + 2; sum + term !== sum; n++) {
    sum += term;
    term *= z / n;
  }
  return sum;
}
