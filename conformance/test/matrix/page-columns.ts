// The columns of the matrix that run in a page. Each imports its runtime when it is made.

import type { Gpu } from '../../../packages/backend-tfjs/test/gpu.ts';
import type { Column } from './columns.ts';
import { adapterName, NotHere } from './columns.ts';

const ORT = { folder: 'packages/backend-ort', name: 'onnxruntime-web' };
const ortInPage = () => import('../../../packages/backend-ort/test/in-page.ts');

async function adapter(): Promise<GPUAdapter> {
  const found = await navigator.gpu?.requestAdapter();
  if (found) return found;
  throw new NotHere(
    'The browser has no WebGPU adapter. Its own comes with --enable-unsafe-webgpu, a real one with a driver.',
  );
}

/** What draws for WebGL, by its own account. */
function renderer(): string {
  const gl = document.createElement('canvas').getContext('webgl2');
  const info = gl?.getExtension('WEBGL_debug_renderer_info');
  if (gl && info) return String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL));
  throw new NotHere('The browser has no WebGL 2.');
}

const tfjs = (runtime: Gpu, device: () => string | Promise<string>): Column => ({
  name: `tfjs-${runtime} (Chromium)`,
  extent: 'part',
  runtime: { folder: 'packages/backend-tfjs', name: `@tensorflow/tfjs-backend-${runtime}` },
  create: async () => {
    const found = await device(); // TensorFlow.js would only say that it has no such backend
    const { tfjsOn } = await import('../../../packages/backend-tfjs/test/gpu.ts');
    return { backend: await tfjsOn(runtime), device: found };
  },
});

export const PAGE_COLUMNS: readonly Column[] = [
  {
    name: 'ort (Chromium, wasm)',
    extent: 'all',
    runtime: ORT,
    create: async () => ({ backend: (await ortInPage()).onWasm(), device: '' }),
  },
  {
    name: 'ort (Chromium, WebGPU)',
    extent: 'part',
    runtime: ORT,
    create: async () => {
      const device = await (await adapter()).requestDevice();
      return { backend: await (await ortInPage()).onGpu(device), device: adapterName(device.adapterInfo) };
    },
  },
  {
    name: 'onnx-graph (Chromium, wasm)',
    extent: 'all',
    runtime: ORT,
    create: async () => ({ backend: (await ortInPage()).graphsOnWasm(), device: '' }),
  },
  {
    name: 'onnx-graph (Chromium, WebGPU)',
    extent: 'part',
    runtime: ORT,
    create: async () => {
      const device = await (await adapter()).requestDevice();
      return { backend: (await ortInPage()).graphsOnGpu(device), device: adapterName(device.adapterInfo) };
    },
  },
  tfjs('webgl', renderer),
  tfjs('webgpu', async () => adapterName((await adapter()).info)),
  {
    name: 'webgpu (Chromium)',
    extent: 'part',
    create: async () => {
      const device = adapterName((await adapter()).info);
      return { backend: await (await import('@unnoise/backend-webgpu')).createWebGpuBackend(), device };
    },
  },
];
