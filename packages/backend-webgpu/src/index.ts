// WebGPU backend.
export {};
