// The weights of exponential multistep methods (DEIS, UniPC): a polynomial through past outputs, integrated exactly.

import { solveLinear } from './linear-system.ts';
import { factorial, phiLessLimit } from './phi.ts';

/**
 * What each difference m_k - m_0 weighs where m_k was seen at r_k = (lambda_k - lambda_s) / h and the step has z = h (eps) or
 * -h (x0): w with sum_k w_k r_k^i = i! phi_i(z) - 1 for i = 1, 2, ..., so that the rule is exact for outputs that are
 * polynomials in lambda of that degree. Not finite for a step of no length, and where two nodes coincide.
 */
export function exponentialWeights(nodes: readonly number[], z: number): readonly number[] {
  const powers = nodes.map((_, i) => i + 1);
  return solveLinear(
    powers.map((i) => nodes.map((r) => r ** i)),
    powers.map((i) => factorial(i) * phiLessLimit(i, z)),
  );
}
