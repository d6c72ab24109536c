// The slot for the quantile function of the beta distribution. Core has no runtime dependency, so the function comes from
// an optional package: importing `@unnoise/core/beta-sigmas` fills the slot.

import { DiffusionError } from '../errors.ts';

/** The x below which a Beta(alpha, beta) variable lies with probability p. */
export type BetaQuantile = (p: number, alpha: number, beta: number) => number;

let installed: BetaQuantile | undefined;

/** Sets the quantile function that beta sigmas use; undefined empties the slot. */
export function installBetaQuantile(quantile: BetaQuantile | undefined): void {
  installed = quantile;
}

const PACKAGE = '@stdlib/stats-base-dists-beta-quantile';
const IMPORT = '@unnoise/core/beta-sigmas';

/** The installed quantile function. Throws DEPENDENCY_MISSING where there is none. */
export function betaQuantile(): BetaQuantile {
  if (installed) return installed;
  throw new DiffusionError(
    'DEPENDENCY_MISSING',
    `use_beta_sigmas needs quantiles of the beta distribution. Install '${PACKAGE}' and add the line: import '${IMPORT}';`,
    { package: PACKAGE, import: IMPORT },
  );
}
