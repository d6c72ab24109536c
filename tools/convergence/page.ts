// docs/convergence.md from what was measured. The words are here; the numbers are never.

import { observedOrder } from '@unnoise/conformance';
import { packageOf } from '@unnoise/core';
import { papers } from '@unnoise/schedulers';
import { table } from '../eval/page.ts';
import type { Law, Sampler } from './laws.ts';
import { LAW_COUNTS } from './laws.ts';
import type { Solver } from './odes.ts';

export interface SolverResult extends Solver {
  readonly errors: readonly number[];
  readonly order: number;
  /** With tables rounded to float32, as diffusers has them. */
  readonly order32: number;
}

export interface SamplerResult extends Sampler, Law {}

/** A result before the step to level 0, and after it. */
export interface End {
  readonly steps: number;
  /** The last level above 0. */
  readonly level: number;
  readonly before: number;
  readonly after: number;
}

export interface Findings {
  readonly versions: string;
  readonly solvers: readonly SolverResult[];
  readonly samplers: readonly SamplerResult[];
  readonly ends: readonly (readonly [karras: End, trailing: End])[];
}

const named = ({ className, about }: Pick<Solver, 'className' | 'about'>): string => {
  const folder = packageOf(className)?.replace('@unnoise/', '');
  const link = `[${className.replace(/Scheduler$/, '')}](../packages/${folder}/README.md)`;
  return about ? `${link}, ${about}` : link;
};

function paper(className: string): string {
  const id = (papers as Readonly<Record<string, string>>)[className] ?? '';
  return id.startsWith('arXiv:') ? `[${id.slice(6)}](https://arxiv.org/abs/${id.slice(6)})` : id;
}

const small = (value: number): string => value.toExponential(1);

const lastDoubling = ({ counts, errors }: SolverResult): number => observedOrder(counts.slice(-2), errors.slice(-2));

function solverTable(results: readonly SolverResult[]): string {
  const rows = results.map((each) => [
    named(each),
    paper(each.className),
    String(each.paper),
    each.order.toFixed(2),
    lastDoubling(each).toFixed(2),
    `${small(each.errors[0]!)} to ${small(each.errors.at(-1)!)}`,
    `${each.counts[0]} to ${each.counts.at(-1)}`,
    each.note,
  ]);
  return table([['solver', 'paper', 'order there', 'slope here', 'its end', 'error', 'steps', ''], ...rows]);
}

function lawTable(results: readonly SamplerResult[]): string {
  const percent = (value: number): string => `${value > 0 ? '+' : ''}${(100 * value).toPrecision(2)} %`;
  const rows = results.map((each) => [
    named(each),
    paper(each.className),
    ...each.variances.map(percent),
    each.order.toFixed(2),
  ]);
  return table([['sampler', 'paper', ...LAW_COUNTS.map(String), 'weak order'], ...rows]);
}

function endTable(ends: Findings['ends']): string {
  const columns = ['last level', 'before the last step', 'after it'];
  const cells = ({ level, before, after }: End): string[] => [level.toPrecision(2), small(before), small(after)];
  const rows = ends.map(([karras, trailing]) => [String(karras.steps), ...cells(karras), ...cells(trailing)]);
  return table([
    ['steps', ...columns.map((name) => `karras: ${name}`), ...columns.map((name) => `trailing: ${name}`)],
    ...rows,
  ]);
}

export const page = ({ versions, solvers, samplers, ends }: Findings): string => `# Convergence

How fast the error falls with the number of steps, beside the order that the paper of a method promises. Written by \`npm run convergence\`:
${versions}.

## Solvers of the probability flow

The network is exact: the posterior mean of [a mixture of three Gaussians](../packages/testing-gmm/README.md), so that the solution is known
to ten digits. The error is the root mean square over sixteen points in x / alpha. "slope here" is the least-squares slope of its logarithm over the
logarithm of the steps, in float64 throughout (\`{ precision: 'exact64' }\`), "its end" that of the last two counts.
All are measured before the last step, and without lower orders at the end (see below).

${solverTable(solvers)}

What makes an order another in use:

- **The last step to noise level 0** is a projection of first order: how much it spoils is decided by the level it begins at, not by the solver.
  DPM++ 2M to the clean sample that the flow ends at:

${endTable(ends)}

- **\`lower_order_final\`** (on by default but in singlestep DPM-Solver) lowers the order of the last steps: DPM-Solver and DEIS in runs of fewer than
  15 steps, UniPC and SA-Solver in every run. It is for stability with few steps, and off above.
- **Start-up.** A method of k outputs begins with lower orders, which in theory makes its order 2 in the limit. Little happens at the highest noise
  levels, so that this does not show up to the counts above.
- **Spacings in time** take long steps in ln sigma at the end, and round to the integers that the network was trained with: every method comes near
  order 1 on them (in the table above, trailing, before the last step). karras, exponential and lu keep their exact levels, close together at the end.
- **float32.** With tables rounded to float32, as in diffusers and by default here, no slope above differs by more than
  ${small(Math.max(...solvers.map(({ order, order32 }) => Math.abs(order - order32))))}. Samples in float32 carry errors of about 1e-6 of their size, which is where convergence ends in use.

DPM adaptive has no order to show, since it chooses its steps by a tolerance; its tests check that the error follows it. KarrasVE, DDIMInverse and
DPM-Solver's inverse take other calls than one a step; their tests
([KarrasVE](../packages/scheduler-karras-ve/test/identities.test.ts), [DDIMInverse](../packages/scheduler-ddim-inverse/test/identities.test.ts),
[DPM-Solver's inverse](../packages/scheduler-dpmsolver-multistep-inverse/test/identities.test.ts)) measure them. LCM, TCD and consistency models
are no solvers: with an exact consistency function they are exact in every number of steps, and tested for that.

## Samplers that add noise

For one-dimensional Gaussian data every step is affine in the sample and in each draw, so unit impulses in the draws give the law of the samples
without a random number. The mean is right to rounding for all of them (at most ${small(Math.max(...samplers.map(({ mean }) => mean)))}); the table has the relative error of the variance before the last
step, by number of steps, and its slope over the last three columns, the weak order. Below 0: too little noise is left.

${lawTable(samplers)}

DPM++ SDE, DPM2 a, Restart, Cosine, Würstchen's DDPM and the score SDEs draw more than once a step or have calls of their own: their weak orders are
measured in the tests of [DPMSolverSDE](../packages/scheduler-dpmsolver-sde/test/identities.test.ts) (2, and 1 if the halves of a step did
not share their noise), [KDPM2Ancestral](../packages/scheduler-k-dpm-2-ancestral-discrete/test/identities.test.ts) (2),
[Restart](../packages/scheduler-restart/test/identities.test.ts) (2),
[Cosine](../packages/scheduler-cosine-dpmsolver-multistep/test/identities.test.ts),
[Würstchen](../packages/scheduler-ddpm-wuerstchen/test/identities.test.ts),
[ScoreSdeVe](../packages/scheduler-sde-ve/test/identities.test.ts) and [ScoreSdeVp](../packages/scheduler-sde-vp/test/identities.test.ts) (1).
`;
