// One loop in a page or a worker: the model on a provider of onnxruntime-web, the scheduler where its tensors lie, everything counted.

import { createOrtBackend, type OrtCpuBackend } from '@unnoise/backend-ort';
import { createOrtWebGpuBackend, type OrtWebGpuBackend, webGpuSession } from '@unnoise/backend-ort/webgpu';
import { setWarningHandler } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import * as ort from 'onnxruntime-web/webgpu';
import { openPainter } from '../../../../examples/browser-webgpu/painter.ts';
import type { DenoiseStep, ImagePipeline } from '../../src/index.ts';
import { filesAt, loadPipelineFrom } from '../../src/index.ts';
import type { Counts } from './counts.ts';
import { countTransfers, since } from './counts.ts';
import type { KernelCounts } from './kernels.ts';
import { countKernels, reset } from './kernels.ts';
import type { Apart, Drawn } from './picture.ts';
import { plain } from './picture.ts';
import type { LoopRun } from './runs.ts';
import { MODELS, prepared } from './runs.ts';

export type Provider = 'webgpu' | 'wasm';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';
setWarningHandler(() => {});
const counts = countTransfers(ort.Tensor);

export interface Place {
  readonly provider: Provider;
  readonly pipeline: ImagePipeline;
  readonly kernels: KernelCounts;
  close(): Promise<void>;
}

/** A model, opened as a program would. Text-to-image on the GPU: exactly as examples/browser-webgpu does it. */
export async function open(provider: Provider, model: LoopRun['model'], base: string): Promise<Place> {
  const url = new URL(`packages/${MODELS[model]}`, base);
  const { pipeline, backend } = provider === 'wasm' ? await onWasm(url) : await onWebGpu(url, model);
  const kernels = countKernels(backend);
  const close = async (): Promise<void> => {
    await pipeline.dispose();
    if (!('device' in backend)) return;
    backend.destroy();
    backend.device.destroy();
  };
  return { provider, pipeline, kernels, close };
}

interface Opened {
  readonly pipeline: ImagePipeline;
  readonly backend: OrtCpuBackend | OrtWebGpuBackend;
}

const quiet = { logSeverityLevel: 3 };

async function onWasm(url: URL): Promise<Opened> {
  const backend = createOrtBackend(ort);
  const session = { ...quiet, executionProviders: ['wasm'] };
  const options = { runtime: ort, session, backend, scheduler: DDIMScheduler };
  return { backend, pipeline: await loadPipelineFrom(filesAt(url), options) };
}

async function onWebGpu(url: URL, model: LoopRun['model']): Promise<Opened> {
  if (model !== 'digits') return openPainter(url);
  const device = await (await navigator.gpu.requestAdapter())!.requestDevice();
  const backend = await createOrtWebGpuBackend(ort, device);
  const session = { ...quiet, ...webGpuSession(device) };
  const options = { runtime: ort, session, backend, scheduler: DDIMScheduler };
  return { backend, pipeline: await loadPipelineFrom(filesAt(url), options) };
}

/** What a loop was and cost. */
export interface LoopReport {
  readonly id: string;
  readonly steps: number;
  readonly seconds: number;
  /** From the request to the last sample, and from there to the pixels. */
  readonly loop: Counts;
  readonly image: Counts;
  readonly kernels: number;
  /** Of the scheduler's side, over the loop. */
  readonly dispatches: number;
  /** The most kernels of the scheduler's side between two steps, the first one left out. */
  readonly perStep: number;
  readonly uploads: number;
  readonly downloads: number;
  /** Buffers of the backend that are left when all is done. */
  readonly left: number;
  readonly drawn: Drawn;
}

/** What the test leaves in out/device-loop.json; tools/device-loop.ts makes docs/device-loop.md of it. */
export interface Report {
  readonly rows: readonly (LoopReport & Apart & { readonly where: string })[];
  readonly inNode: Drawn | undefined;
  readonly agent: string;
}

/** Draws one picture. `each` sees the steps, as a page's progress bar would. */
export async function draw(
  { pipeline, kernels }: Place,
  run: LoopRun,
  each: (step: DenoiseStep) => void | Promise<void> = () => {},
): Promise<LoopReport> {
  await prepared(pipeline, run);
  reset(kernels);
  const [began, before] = [performance.now(), { ...counts }];
  const ends: number[] = [];
  const onStep = (step: DenoiseStep): void | Promise<void> => (ends.push(kernels.dispatches), each(step));
  const loop = await pipeline.denoise({ ...run.request, onStep });
  const latents = await loop.result();
  const between = { ...counts };
  const { dispatches, uploads, downloads } = kernels;
  const [image] = await pipeline.toImages(latents);
  latents.dispose();
  const perStep = Math.max(...ends.map((end, i) => end - (ends[i - 1] ?? end)));
  const seconds = (performance.now() - began) / 1000;
  const cost = { loop: since(before, between), image: since(between, counts), kernels: kernels.kernels.size };
  const left = kernels.live();
  return {
    id: run.id,
    steps: ends.length,
    seconds,
    ...cost,
    dispatches,
    perStep,
    uploads,
    downloads,
    left,
    drawn: await plain(image!),
  };
}
