// Finds a GPU device, with the limits and features that kernels profit from. Nothing here computes.

import { DiffusionError } from '@unnoise/core';

import type { WebGpuOptions } from './types.ts';

const WANTED = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxStorageBuffersPerShaderStage'] as const;

/** The caller's device, or a new one of the caller's adapter, or of the adapter that is preferred here. */
export async function deviceFor(options: WebGpuOptions): Promise<GPUDevice> {
  if (options.device) return options.device;
  const adapter = options.adapter ?? (await adapterOf(options.gpu ?? gpuHere()));
  const requiredLimits = Object.fromEntries(WANTED.map((name) => [name, adapter.limits[name]]));
  const requiredFeatures: GPUFeatureName[] = adapter.features.has('shader-f16') ? ['shader-f16'] : [];
  try {
    return await adapter.requestDevice({ label: 'unnoise', requiredLimits, requiredFeatures });
  } catch (error) {
    const message = `the adapter gave no device (${String(error)}). An adapter gives only one: request another.`;
    throw new DiffusionError('DEVICE_FAILED', message, {}, error);
  }
}

function gpuHere(): GPU {
  const { navigator } = globalThis as { navigator?: { readonly gpu?: GPU } };
  if (navigator?.gpu) return navigator.gpu;
  throw new DiffusionError(
    'DEPENDENCY_MISSING',
    'there is no navigator.gpu here. In Node, install the package webgpu and pass gpu: create([]); in a browser, use one with WebGPU ' +
      'and a page from https or localhost.',
  );
}

async function adapterOf(gpu: GPU): Promise<GPUAdapter> {
  const adapter = await gpu.requestAdapter();
  if (adapter) return adapter;
  throw new DiffusionError(
    'DEPENDENCY_MISSING',
    'WebGPU found no adapter: there is no GPU driver that it can use. Install one (in software: the Vulkan driver of Chromium), or use ' +
      'another backend.',
  );
}
