// All schedule mathematics, once for all schedulers: numbers in, numbers out. Nothing here knows a tensor or a class.

export * from './alphas.ts';
export * from './ays.ts';
export { installBetaQuantile, type BetaQuantile } from './beta-quantile.ts';
export * from './betas.ts';
export * from './custom.ts';
export * from './flow.ts';
export * from './grids.ts';
export * from './layout.ts';
export * from './lookup.ts';
export { exact64, mapTable, type Precision, precisionOf, type Table, tabulate, upstream32 } from './precision.ts';
export { dynamicThreshold, quantile } from './quantile.ts';
export * from './respacing.ts';
export * from './sigma-to-timestep.ts';
export * from './sigmas.ts';
export * from './spacing.ts';
export * from './strength.ts';
export * from './training.ts';
