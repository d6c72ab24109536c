// Every kernel that a scheduler or the conformance suite makes is valid WGSL, with the device's own float16 and without it. A device
// without a driver checks it: it parses shaders and makes pipelines, and runs nothing.

import { createCpuBackend } from '@unnoise/backend-cpu';
import { backendCases, casesOf, runCases, schedulerSubject } from '@unnoise/conformance';
import type { Backend, Capabilities, DType, Kernel } from '@unnoise/core';
import { beforeAll, describe, expect, it } from 'vitest';

import { SCHEDULERS } from '../../../conformance/test/subjects.ts';
import { CompiledKernel } from '../src/compile.ts';
import { shaderOf } from '../src/wgsl/index.ts';
import { validatingDevice } from './gpu.ts';

/** A kernel, and the dimensions of a transpose. */
type Seen = readonly [kernel: Kernel, rank: number];

const kernels = new Map<string, Seen>();

/** Computes on the CPU within a GPU's limits, and remembers every kernel. */
function recording(): Backend {
  const cpu = createCpuBackend();
  const capabilities = Object.freeze<Capabilities>({ ...cpu.capabilities, maxOps: 128, maxBuffers: 8 });
  return {
    ...cpu,
    spec: 1,
    name: 'recording',
    capabilities,
    upload: (data, dtype) => cpu.upload(data, dtype),
    download: (handle) => cpu.download(handle),
    release: (handle) => cpu.release(handle),
    stats: () => cpu.stats(),
    run(kernel, inputs, params, sizes) {
      kernels.set(`${kernel.key} ${kernel.kind === 'transpose' ? sizes.length : ''}`, [kernel, sizes.length / 2]);
      return cpu.run(kernel, inputs, params, sizes);
    },
  };
}

const half = (dtype: DType): DType => (dtype === 'float32' ? 'float16' : dtype);

/** The same kernel on float16 samples. */
const onHalves = ([kernel, rank]: Seen): Seen => [
  {
    ...kernel,
    key: `${kernel.key} on float16`,
    inputs: kernel.inputs.map((input) => ({ ...input, dtype: half(input.dtype) })),
    outputs: kernel.outputs.map((output) => ({ ...output, dtype: half(output.dtype) })),
    ops: kernel.ops.map((op) => ({ ...op, dtype: half(op.dtype) })),
  },
  rank,
];

async function problems(device: GPUDevice, seen: readonly Seen[]): Promise<readonly string[]> {
  const native = device.features.has('shader-f16');
  const messages: Promise<string>[] = [];
  const compiled: CompiledKernel[] = [];
  for (const [kernel, rank] of seen) {
    device.pushErrorScope('validation');
    const shader = shaderOf(kernel, native, rank);
    compiled.push(new CompiledKernel(device, kernel, shader));
    messages.push(
      device.popErrorScope().then((error) => (error ? `${kernel.key}: ${error.message}\n${shader.code}` : '')),
    );
  }
  expect(compiled).toHaveLength(seen.length);
  return (await Promise.all(messages)).filter((message) => message !== '');
}

describe.each([
  ['with', true],
  ['without', false],
])('on a device %s shader-f16', (_, native) => {
  beforeAll(async () => {
    if (kernels.size > 0) return;
    await runCases(backendCases(), recording(), { query: 'backend/*' });
    for (const scheduler of SCHEDULERS) {
      const backend = recording();
      const subject = schedulerSubject({ scheduler, backend: async () => backend });
      await runCases(casesOf(subject), subject, { query: '*/law/compiles:*' });
    }
  }, 120_000);

  it('every kernel is valid', async () => {
    expect(kernels.size).toBeGreaterThan(300);
    expect(await problems(await validatingDevice(native), [...kernels.values()])).toEqual([]);
  });

  it('every kernel is valid on float16 samples', async () => {
    expect(await problems(await validatingDevice(native), [...kernels.values()].map(onHalves))).toEqual([]);
  });

  it('a shader with a mistake is not', async () => {
    const device = await validatingDevice(native);
    device.pushErrorScope('validation');
    device.createShaderModule({ code: 'fn main() { let x: f32 = 1u; }' });
    expect((await device.popErrorScope())?.message).toContain('f32');
  });
});
