// Pipelines over local files, with onnxruntime-node and the CPU backend where nothing else is given.

import { cpu } from '@unnoise/backend-cpu';
import '@unnoise/core/beta-sigmas'; // for models whose config has use_beta_sigmas
import type { DiffusionModel, OpenOptions } from './onnx/model.ts';
import { openModel as openModelFrom } from './onnx/model.ts';
import { importRuntime, QUIET } from './node/runtime.ts';
import { nodeFiles } from './node/files.ts';
import { makeTokenizer } from './node/tokenizers.ts';
import type { ImagePipeline, LoadOptions } from './pipeline/load.ts';
import { loadPipelineFrom } from './pipeline/load.ts';
import type { PipelineOptions } from './pipeline/pipeline.ts';

export { nodeFiles } from './node/files.ts';
export { encodePng, readPng, savePng } from './node/png.ts';
export { importRuntime } from './node/runtime.ts';

/** `runtime`: default onnxruntime-node. */
export type NodeOpenOptions = Partial<OpenOptions>;

/** Opens the denoiser of a model folder. @throws DiffusionError FILE_NOT_FOUND, CONFIG_INVALID, MODEL_INVALID, DEPENDENCY_MISSING. */
export async function openModel(folder: string | URL, options: NodeOpenOptions = {}): Promise<DiffusionModel> {
  return openModelFrom(await nodeFiles(folder), await completed(options));
}

/**
 * Opens a model folder as a pipeline. The scheduler's class must be registered, or be given: `{ scheduler: DDIMScheduler }`.
 * @throws DiffusionError as openModel; SCHEDULER_UNKNOWN, with the package to install.
 */
export async function loadPipeline<P extends ImagePipeline = ImagePipeline>(
  folder: string | URL,
  options: NodeOpenOptions & PipelineOptions & LoadOptions<P> = {},
): Promise<P> {
  const files = await nodeFiles(folder);
  return loadPipelineFrom<P>(files, { backend: cpu, ...options, ...(await completed(options)) });
}

async function completed({ runtime, session, tokenizer, ...options }: NodeOpenOptions): Promise<OpenOptions> {
  return {
    ...options,
    runtime: runtime ?? (await importRuntime()),
    session: { ...QUIET, ...session },
    tokenizer: tokenizer ?? makeTokenizer,
  };
}
