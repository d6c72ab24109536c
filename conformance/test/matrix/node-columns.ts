// The columns of the matrix that run in Node. Each imports its runtime when it is made, so that a process has only its own.

import { basename } from 'node:path';
import type { Backend } from '@unnoise/core';
import { createCpuBackend } from '@unnoise/backend-cpu';
import { createReferenceBackend } from '@unnoise/core/reference';
import { hasAdapter, NO_ADAPTER } from '../../../tools/devices.mjs';
import type { Runtime } from '../../../packages/backend-tfjs/test/runtimes.ts';
import type { Column, Made } from './columns.ts';
import { adapterName, NotHere } from './columns.ts';

const ORT = { folder: 'packages/backend-ort', name: 'onnxruntime-node' };

const onProcessor = (name: string, make: () => Backend | Promise<Backend>): Column => ({
  name,
  extent: 'all',
  create: async () => ({ backend: await make(), device: '' }),
});

const reference = (name: string, options: Parameters<typeof createReferenceBackend>[0]): Column => ({
  ...onProcessor(name, () => createReferenceBackend(options)),
  backendOnly: true,
});

const tfjs = (runtime: Runtime): Column => ({
  ...onProcessor(`tfjs-${runtime}`, async () =>
    (await import('../../../packages/backend-tfjs/test/runtimes.ts')).tfjsOn(runtime),
  ),
  runtime: { folder: 'packages/backend-tfjs', name: `@tensorflow/tfjs-backend-${runtime}` },
});

const onAdapter = (name: string, runtime: Column['runtime'] & {}, make: () => Promise<Made>): Column => ({
  name,
  extent: 'part',
  runtime,
  create: () => {
    if (!hasAdapter()) throw new NotHere(NO_ADAPTER);
    return make();
  },
});

/** What onnxruntime-node does not tell of its device: the driver that it was given. */
const driver = (): string =>
  basename(process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES'] ?? 'the default');

export const NODE_COLUMNS: readonly Column[] = [
  onProcessor('reference float64', () => createReferenceBackend()),
  reference('reference float32', { precision: 'float32' }),
  reference('reference, one op, 4 buffers', { precision: 'float32', maxOps: 1, maxBuffers: 4 }),
  reference('reference, required ops only', { precision: 'float32', ops: [] }),
  onProcessor('cpu', () => createCpuBackend()),
  onProcessor('cpu without WebAssembly', () => createCpuBackend({ wasm: false })),
  {
    ...onProcessor('ort', async () => (await import('../../../packages/backend-ort/test/in-node.ts')).onCpu()),
    runtime: ORT,
  },
  {
    ...onProcessor('onnx-graph', async () =>
      (await import('../../../packages/backend-ort/test/in-node.ts')).graphsOnCpu(),
    ),
    runtime: ORT,
  },
  onAdapter('onnx-graph (WebGPU)', ORT, async () => {
    const { graphsOnGpu } = await import('../../../packages/backend-ort/test/in-node.ts');
    return { backend: graphsOnGpu(), device: `Vulkan driver ${driver()}` };
  }),
  tfjs('cpu'),
  tfjs('wasm'),
  onAdapter('webgpu', { folder: '.', name: 'webgpu' }, async () => {
    const { backendInNode } = await import('../../../packages/backend-webgpu/test/gpu.ts');
    const backend = await backendInNode();
    return { backend, device: adapterName(backend.device.adapterInfo) };
  }),
];
