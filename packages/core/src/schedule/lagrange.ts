// Integrals of interpolating polynomials: the weights of linear multistep methods on uneven levels. Numbers only.

/**
 * The integral from `from` to `to` of each Lagrange basis polynomial on `nodes`, so that the integral of the polynomial through
 * (nodes[j], f[j]) is the sum of weight j times f[j]. Exact up to rounding. Over no distance
 * all are 0; over any other they are not finite where two nodes are equal.
 *
 * On evenly spaced nodes with from = nodes[0] these are the Adams-Bashforth weights.
 */
export function lagrangeIntegrals(nodes: ArrayLike<number>, from: number, to: number): Float64Array {
  if (from === to) return new Float64Array(nodes.length);
  const shifted = Array.from(nodes, (node) => node - from);
  return Float64Array.from(shifted, (node, j) => {
    const others = shifted.filter((_, k) => k !== j);
    const scale = others.reduce((product, other) => product * (node - other), 1);
    return integralTo(to - from, withRoots(others)) / scale;
  });
}

/** The coefficients of (u - r1)(u - r2)..., lowest degree first. */
function withRoots(roots: readonly number[]): readonly number[] {
  return roots.reduce<readonly number[]>(
    (p, root) => [...p, 0].map((_, degree) => (p[degree - 1] ?? 0) - root * (p[degree] ?? 0)),
    [1],
  );
}

/** The integral of a polynomial from 0 to h. */
function integralTo(h: number, polynomial: readonly number[]): number {
  return polynomial.reduceRight((sum, coefficient, degree) => (sum + coefficient / (degree + 1)) * h, 0);
}
