// Diffusion models that need no training: distributions whose denoiser is known in closed form, in float64. No dependency.

import { gaussianMixture } from './mixture.ts';
import type { Distribution } from './distribution.ts';

export { noised, predict, score, velocityAtSigma } from './distribution.ts';
export type { Distribution, Posterior, PredictionType, Source } from './distribution.ts';
export { embed } from './embedding.ts';
export type { Embedding } from './embedding.ts';
export { energyDistance } from './energy.ts';
export { gaussianFlow, solveFlow } from './flow.ts';
export { gaussian, gaussianMixture } from './mixture.ts';
export type { Component } from './mixture.ts';

/** The mixture on which the samplers of unnoise are measured: three Gaussians of different size in the plane. */
export const testMixture: Distribution = /* @__PURE__ */ gaussianMixture([
  { weight: 0.3, mean: [-1.2, 0.4], deviation: 0.35 },
  { weight: 0.45, mean: [0.8, 0.9], deviation: 0.5 },
  { weight: 0.25, mean: [0.3, -1.1], deviation: 0.4 },
]);
