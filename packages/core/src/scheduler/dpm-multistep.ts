// The multistep update of DPM-Solver, in either direction of time: what the multistep scheduler and its inverse share.

import type { DpmAlgorithm, DpmSolverType, DpmWeights, LambdaLevel } from '../schedule/index.ts';
import { DPM_WEIGHTS } from '../schedule/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Extrapolated, ExtrapolationConfig, PredictionRow } from './extrapolated.ts';
import { extrapolated, requireDataForFlow } from './extrapolated.ts';
import { after } from './predict.ts';
import type { StepContext, StepResult } from './types.ts';

/** One step from `level`; r0 and r1 are the sizes of the two steps before, relative to this one. */
export interface DpmRow extends PredictionRow {
  readonly level: LambdaLevel;
  readonly weights: DpmWeights;
  readonly r0: number;
  readonly r1: number;
  /** Highest order that may be used here. */
  readonly order: number;
}

/** The config keys that say how a step is made. */
export interface DpmConfig extends ExtrapolationConfig {
  readonly algorithm_type: DpmAlgorithm;
  readonly solver_type: DpmSolverType;
  readonly solver_order: number;
}

/** The config keys that lower the order of the last steps. */
export interface FinalOrderConfig {
  readonly solver_order: number;
  readonly lower_order_final: boolean;
  readonly euler_at_final: boolean;
  readonly final_sigmas_type: string;
}

/** Highest order at a step. Low orders at the end keep short schedules stable; at sigma 0 nothing else is finite. */
export function dpmOrderAt(config: FinalOrderConfig, index: number, length: number): number {
  const { solver_order: order, euler_at_final, lower_order_final, final_sigmas_type } = config;
  const lower = lower_order_final && length < 15;
  if (index === length - 1 && (euler_at_final || lower || final_sigmas_type === 'zero')) return 1;
  return index === length - 2 && lower ? Math.min(order, 2) : order;
}

/** The row of step `index` on these sigmas. */
export function dpmRow(
  { algorithm_type: algorithm }: Pick<DpmConfig, 'algorithm_type'>,
  sigmas: ArrayLike<number>,
  level: (index: number) => LambdaLevel,
  index: number,
  order: number,
): DpmRow {
  const size = (from: number): number => level(from + 1).lambda - level(from).lambda;
  return {
    rawSigma: sigmas[index] ?? Number.NaN,
    level: level(index),
    weights: DPM_WEIGHTS[algorithm](level(index), level(index + 1)),
    r0: index > 0 ? size(index - 1) / size(index) : Number.NaN,
    r1: index > 1 ? size(index - 2) / size(index) : Number.NaN,
    order,
  };
}

/**
 * One step. With the last outputs m0, m1, m2 (x0 for the ++ types, else eps), the carry being m1 and m2:
 * x weighs the sample, d0 weighs m0, d1 the difference (m0 - m1) / r0, and order 3 has d2 for the second difference.
 */
export function dpmStep(context: StepContext<DpmRow>, config: DpmConfig): StepResult | Promise<StepResult> {
  const data = config.algorithm_type.endsWith('++');
  requireDataForFlow(config.prediction_type, data, `algorithm_type ${config.algorithm_type}`);
  return after(extrapolated(context, config, data), (found) => dpmUpdate(context, found, config));
}

/** The step once it is known what is extrapolated: for schedulers that predict x0 in their own way, or take their noise from elsewhere. */
export function dpmUpdate(
  { k, x, carry, normal }: Pick<StepContext<DpmRow>, 'k' | 'x' | 'carry' | 'normal'>,
  { m: m0, x0 }: Extrapolated,
  config: Pick<DpmConfig, 'algorithm_type' | 'solver_type' | 'solver_order'>,
): StepResult {
  const [m1, m2] = carry;
  const order = Math.min(k.order, carry.length + 1);
  const w = k.weights;
  const first = x.mul(w.x).add(m0.mul(w.d0));
  const curve = (): Tensor => (order === 2 || !m2 ? second(k, config.solver_type, m0, m1!) : third(k, m0, m1!, m2));
  const next = order === 1 || !m1 ? first : first.add(curve());
  const noisy = config.algorithm_type.startsWith('sde');
  return {
    prev: noisy ? next.add(normal(m0.shape).mul(w.noise)) : next,
    x0,
    carry: [m0, ...carry].slice(0, config.solver_order - 1),
  };
}

/** d1 D1 with the first difference. */
function second({ weights: w, r0 }: DpmRow, solver: DpmSolverType, m0: Tensor, m1: Tensor): Tensor {
  return m0.sub(m1).mul(w.d1[solver] * (1 / r0));
}

/** d1 D1 + d2 D2 with the first differences extrapolated and their difference. */
function third({ weights: w, r0, r1 }: DpmRow, m0: Tensor, m1: Tensor, m2: Tensor): Tensor {
  const d10 = m0.sub(m1).div(r0);
  const d11 = m1.sub(m2).div(r1);
  const d1 = d10.add(d10.sub(d11).mul(r0 / (r0 + r1)));
  const d2 = d10.sub(d11).mul(1 / (r0 + r1));
  return d1.mul(w.d1.heun).add(d2.mul(w.d2));
}
