// Entry of `@unnoise/core/brownian`: Brownian noise equal to torchsde's, for the schedulers that use it.

export { brownianNoise, initialSeed, noiseSeed } from './noise.ts';
export type { BrownianNoiseOptions, NoiseSeed } from './noise.ts';
export { brownianPath } from './path.ts';
export type { BrownianPath, BrownianPathOptions, Increment } from './path.ts';
export { SeedSequence } from './seed-sequence.ts';
