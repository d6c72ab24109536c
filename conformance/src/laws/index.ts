export { convergenceErrors, observedOrder, rms } from './order.ts';
export type { ConvergenceTrial } from './order.ts';
export { lawError } from './output-law.ts';
export type { GaussianData, LawError, OutputOf } from './output-law.ts';
export { sameTrajectory } from './same-trajectory.ts';
export type { SameOptions } from './same-trajectory.ts';
export { spreadOf } from './spread.ts';
export { levelOf, shownLevelOf, trajectory } from './trajectory.ts';
export type { Oracle, Trial } from './trajectory.ts';
