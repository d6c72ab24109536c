// The public face of the random streams.
export type { Generator, HalfGenerator } from './generator.ts';
export type { HalfDType } from './float16.ts';
export type { Mt19937State } from './mt19937.ts';
export { philoxGenerator } from './philox-generator.ts';
export type { PhiloxGenerator, PhiloxOptions, PhiloxState } from './philox-generator.ts';
export { randTensor, randnTensor } from './randn-tensor.ts';
export { torchGenerator } from './torch-generator.ts';
export type { TorchGenerator, TorchGeneratorState } from './torch-generator.ts';
