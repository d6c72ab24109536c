// TensorFlow.js as a backend of unnoise: computes on whatever TensorFlow.js backend the program has chosen, on its tensors.

export { createTfjsBackend } from './backend.ts';
export { fromTf, toTf } from './tensors.ts';
export type { TfjsBackend, TfjsOptions, TfjsStats } from './types.ts';
