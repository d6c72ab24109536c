// What the tests in Node run on: Dawn with whatever Vulkan driver tools/devices.mjs found, and Dawn without any, which only validates.

import { createWebGpuBackend, type WebGpuBackend, type WebGpuOptions } from '@unnoise/backend-webgpu';
import { describe } from 'vitest';
import { create } from 'webgpu';

/** Kept for the life of the process: devices die with it. */
const gpu = create([]);

/** Checks shaders and pipelines, float16 included, and runs nothing. */
const validator = create(['backend=null']);

const adapter = await gpu.requestAdapter();

/** Whether there is a driver; in CI it is taken for granted, so that a missing one fails. */
export const hasAdapter: boolean = adapter !== null || process.env['CI'] !== undefined;

/** Tests that compute. Without a driver nothing can: they are left out, and tools/device-reporter.ts says so and how to get one. */
export const describeOnDriver: typeof describe.skip = hasAdapter ? describe : describe.skip;

export const backendInNode = (options: WebGpuOptions = {}): Promise<WebGpuBackend> =>
  createWebGpuBackend({ gpu, ...options });

/** A device of its own, as a program that shares it would have. */
export async function deviceInNode(descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> {
  return (await gpu.requestAdapter())!.requestDevice(descriptor);
}

/** A device that validates: with or without the feature shader-f16. */
export async function validatingDevice(half: boolean): Promise<GPUDevice> {
  const found = await validator.requestAdapter();
  return found!.requestDevice({ requiredFeatures: half ? ['shader-f16'] : [] });
}
