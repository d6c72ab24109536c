// What a device can do wrong, and that it is said: no case ends in numbers that nobody computed.

import { adopt, isDiffusionError, realize, tensor } from '@unnoise/core';
import { describe, expect, it, onTestFinished } from 'vitest';

import { createWebGpuBackend, type WebGpuBackend, type WebGpuOptions } from '../src/index.ts';
import { altered } from './altered.ts';
import { backendInNode, describeOnDriver, deviceInNode } from './gpu.ts';

const ONES = new Float32Array(64).fill(1);

/** A backend on a device of its own, both gone after the test. */
async function fresh(
  options: WebGpuOptions = {},
  members: Readonly<Record<string, unknown>> = {},
): Promise<WebGpuBackend> {
  const device = await deviceInNode();
  const backend = await createWebGpuBackend({ ...options, device: altered(device, members) });
  onTestFinished(() => {
    backend.destroy();
    device.destroy();
  });
  return backend;
}

const codeOf = async (action: () => unknown): Promise<string> => {
  try {
    await action();
  } catch (error) {
    return isDiffusionError(error) ? error.code : String(error);
  }
  return 'nothing was thrown';
};

/** A buffer that commands of another device must not use. */
const foreignBuffer = async (): Promise<GPUBuffer> => (await deviceInNode()).createBuffer({ size: 256, usage: 0x84 });

describeOnDriver('a refused command', () => {
  it('spoils its result and whatever is computed from it', async () => {
    const backend = await fresh();
    const doubled = adopt(await foreignBuffer(), [64], 'float32', backend).mul(2);
    await doubled.realize();
    expect(await codeOf(() => doubled.data())).toBe('DEVICE_FAILED');
    expect(await codeOf(() => doubled.add(1).data())).toBe('DEVICE_FAILED');
  });

  it('spoils nothing that is computed afterwards', async () => {
    const backend = await fresh();
    const doubled = adopt(await foreignBuffer(), [64], 'float32', backend).mul(2);
    await codeOf(() => doubled.data());
    expect(await tensor(ONES, [64], { backend }).mul(2).data()).toEqual(ONES.map(() => 2));
  });

  it('is named with its kernel when debugging', async () => {
    const backend = await fresh({ debug: true });
    const doubled = adopt(await foreignBuffer(), [64], 'float32', backend).mul(2);
    await expect(doubled.data()).rejects.toThrow(/the kernel 'map float32:1 linear\(0;0\)float32 1'/);
  });

  it('of another user of the device is not ours', async () => {
    const device = await deviceInNode();
    const backend = await createWebGpuBackend({ device });
    const x = tensor(ONES, [64], { backend }).mul(2);
    await realize(x);
    device.createBuffer({ size: 16, usage: 0x3ff }); // no such combination of usages
    expect((await x.data())[0]).toBe(2);
    device.destroy();
  });
});

describeOnDriver('a device that is lost', () => {
  it('fails the download under way and everything after it', async () => {
    const device = await deviceInNode();
    const backend = await createWebGpuBackend({ device });
    const x = tensor(ONES, [64], { backend });
    await x.realize();
    const reading = codeOf(() => x.mul(2).data());
    device.destroy();
    expect(await reading).toBe('DEVICE_LOST');
    expect(await codeOf(() => x.mul(3).data())).toBe('DEVICE_LOST');
    expect(await codeOf(() => backend.upload(ONES, 'float32'))).toBe('DEVICE_LOST');
  });
});

describeOnDriver('memory', () => {
  it('that the device has not got is OUT_OF_MEMORY', async () => {
    class GPUOutOfMemoryError {
      readonly message = 'full';
    }
    const device = await deviceInNode();
    const popErrorScope = async () => (await device.popErrorScope()) ?? new GPUOutOfMemoryError();
    const backend = await createWebGpuBackend({ device: altered(device, { popErrorScope }) });
    expect(await codeOf(() => tensor(ONES, [64], { backend }).mul(2).data())).toBe('OUT_OF_MEMORY');
    device.destroy();
  });

  it('beyond the limits of one buffer is refused before anything is computed', async () => {
    const { limits } = await deviceInNode();
    const small = altered(limits, { maxStorageBufferBindingSize: 1024 });
    const backend = await fresh({}, { limits: small });
    expect(await codeOf(() => backend.upload(new Float32Array(257), 'float32'))).toBe('OUT_OF_MEMORY');
    expect(backend.upload(new Float32Array(256), 'float32')).toBeDefined();
    expect(backend.stats().live).toBe(1);
  });
});

describeOnDriver('numbers that a uniform cannot hold', () => {
  it('are refused with the kernel that has them', async () => {
    const { limits } = await deviceInNode();
    const backend = await fresh({}, { limits: altered(limits, { maxUniformBufferBindingSize: 16 }) });
    expect(await codeOf(() => tensor(ONES, [64], { backend }).mul(2).realize())).toBe('OP_UNSUPPORTED');
  });
});

describeOnDriver('a destroyed backend', () => {
  it('says so, and leaves a device that was the caller’s alone', async () => {
    const device = await deviceInNode();
    const backend = await createWebGpuBackend({ device });
    const x = backend.upload(ONES, 'float32');
    backend.destroy();
    backend.destroy();
    expect(await codeOf(() => backend.download(x))).toBe('DISPOSED');
    const next = await createWebGpuBackend({ device });
    expect(await tensor(ONES, [64], { backend: next }).data()).toEqual(ONES);
    device.destroy();
  });

  it('destroys a device that it made', async () => {
    const backend = await backendInNode();
    backend.destroy();
    expect((await backend.device.lost).reason).toBe('destroyed');
  });
});

describe('without WebGPU', () => {
  it('the error says what is missing', async () => {
    expect(await codeOf(() => createWebGpuBackend())).toBe('DEPENDENCY_MISSING');
    const gpu = { requestAdapter: async () => null } as unknown as GPU;
    expect(await codeOf(() => createWebGpuBackend({ gpu }))).toBe('DEPENDENCY_MISSING');
  });

  it('an adapter that gives no device is an error of ours', async () => {
    const requestDevice = () => Promise.reject(new Error('consumed'));
    const adapter = { limits: {}, features: new Set(), requestDevice } as unknown as GPUAdapter;
    expect(await codeOf(() => createWebGpuBackend({ adapter }))).toBe('DEVICE_FAILED');
  });
});
