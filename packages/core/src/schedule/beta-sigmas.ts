// Entry of `@unnoise/core/beta-sigmas`. Importing it lets every scheduler with use_beta_sigmas work: its one side effect is
// to install the beta quantile of @stdlib, an optional peer dependency, into core.

import quantile from '@stdlib/stats-base-dists-beta-quantile';
import { installBetaQuantile } from './beta-quantile.ts';

installBetaQuantile(quantile);
