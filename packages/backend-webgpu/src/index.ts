// unnoise on WebGPU: each step of a scheduler as one compute pass, in browsers and in Node.

export { createWebGpuBackend } from './backend.ts';
export type { WebGpuBackend, WebGpuOptions, WebGpuStats } from './types.ts';
