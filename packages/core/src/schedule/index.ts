// All schedule mathematics, once for all schedulers: numbers in, numbers out. Nothing here knows a tensor or a class.
//
// A k-style schedule reads: trainingTables -> trainingSigmas -> a spacing -> sigmasAtTimesteps, or respacedSigmas and
// timestepsOfSigmas -> withFinalSigma. Arithmetic follows the arrays (see `Precision`).

// Arithmetic and grids.
export { exact64, mapTable, type Precision, precisionOf, type Table, tabulate, upstream32 } from './precision.ts';
export * from './grids.ts';
// The training schedule.
export * from './betas.ts';
export * from './rare-betas.ts';
export * from './alphas.ts';
export * from './training.ts';
export * from './sigmas.ts';
// The schedule of a run.
export * from './spacing.ts';
export * from './respacing.ts';
export { type BetaQuantile, installBetaQuantile } from './beta-quantile.ts';
export * from './sigma-to-timestep.ts';
export * from './flow.ts';
export * from './flow-schedule.ts';
export * from './solver-schedule.ts';
export * from './positive-schedule.ts';
export * from './layout.ts';
export * from './k-style.ts';
export * from './ays.ts';
export * from './distillation.ts';
// The weights of multistep solvers.
export * from './phi.ts';
export * from './lagrange.ts';
export * from './linear-system.ts';
export * from './exponential-weights.ts';
export * from './dpm-weights.ts';
// What is asked of it.
export * from './custom.ts';
export * from './lookup.ts';
export * from './strength.ts';
export { dynamicThreshold, quantile } from './quantile.ts';
