// The public face of the random streams.
export type { Generator } from './generator.ts';
export type { HalfDType } from './float16.ts';
export { torchGenerator } from './torch-generator.ts';
export type { HalfGenerator, TorchGenerator, TorchGeneratorState } from './torch-generator.ts';
export type { Mt19937State } from './mt19937.ts';
