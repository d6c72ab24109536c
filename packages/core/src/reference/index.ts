// `@unnoise/core/reference`: the slow, readable backend that specifies all others, and its interpreter for backend authors.

export { createReferenceBackend, type ReferenceOptions } from './backend.ts';
export { kernelLength, type Precision, runKernelOnArrays, storageOf } from './interpreter.ts';
