// A text-to-image model on the GPU of this page or worker. ONNX Runtime and the scheduler share one device, so that between the prompt
// and the picture nothing is read back.

import { createOrtWebGpuBackend, type OrtWebGpuBackend, webGpuSession } from '@unnoise/backend-ort/webgpu';
import { filesAt, loadPipelineFrom, StableDiffusionPipeline } from '@unnoise/pipelines';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import * as ort from 'onnxruntime-web/webgpu';

export interface Painter {
  readonly pipeline: StableDiffusionPipeline;
  /** Where the scheduler computes; `backend.device` is also the model's. */
  readonly backend: OrtWebGpuBackend;
}

/** Opens the model folder at `url`. */
export async function openPainter(url: string | URL): Promise<Painter> {
  ort.env.wasm.numThreads = 1; // the GPU computes
  const device = await gpuDevice();
  const backend = await createOrtWebGpuBackend(ort, device);
  const session = { logSeverityLevel: 3, ...webGpuSession(device) };
  const [scheduler, as] = [DPMSolverMultistepScheduler, StableDiffusionPipeline];
  return { pipeline: await loadPipelineFrom(filesAt(url), { runtime: ort, session, backend, scheduler, as }), backend };
}

/** With the largest buffers that the adapter has: the default limits are too small for large models. */
async function gpuDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error('This browser gives no WebGPU adapter.');
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  return adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
}
