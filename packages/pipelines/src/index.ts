// Denoising loops, and ONNX models as image pipelines. Nothing here touches files or Node: that is `@unnoise/pipelines/node`.

export { toGrid } from './image/grid.ts';
export type { GridOptions, Pixels } from './image/grid.ts';
export { toByte, toImages } from './image/image.ts';
export type { Image } from './image/image.ts';
export { Autoencoder } from './latent/autoencoder.ts';
export type { Picture } from './latent/picture.ts';
export { isAbortError } from './loop/abort.ts';
export { denoise, Denoising } from './loop/denoise.ts';
export type { DenoiseOptions, DenoiseStep, Model, StartOptions } from './loop/types.ts';
export type { Conditioning } from './onnx/conditioning.ts';
export { Denoiser } from './onnx/denoiser.ts';
export type { BoundModel, DenoiserRequest } from './onnx/denoiser.ts';
export type { HostArray } from './onnx/encode.ts';
export { readLayout } from './onnx/layout.ts';
export type { ModelFiles, ModelLayout, PartLayout } from './onnx/layout.ts';
export { DiffusionModel, openModel, openPart } from './onnx/model.ts';
export type { OpenOptions } from './onnx/model.ts';
export { filesAt } from './onnx/url-files.ts';
export { ModelPart } from './onnx/part.ts';
export type { PartMetadata } from './onnx/part.ts';
export type * from './onnx/runtime.ts';
export { ClassConditionalImagePipeline } from './pipeline/class-conditional.ts';
export type { ClassGenerateOptions } from './pipeline/class-conditional.ts';
export { ClassLabels } from './pipeline/class-labels.ts';
export type { ClassLabel } from './pipeline/class-labels.ts';
export { loadPipelineFrom } from './pipeline/load.ts';
export type { ImagePipeline, LoadOptions } from './pipeline/load.ts';
export type { PictureOptions } from './pipeline/picture-start.ts';
export { DiffusionPipeline } from './pipeline/pipeline.ts';
export type {
  Condition,
  GenerateOptions,
  Generation,
  PipelineOptions,
  SchedulerChoice,
} from './pipeline/pipeline.ts';
export { StableDiffusionPipeline } from './pipeline/stable-diffusion.ts';
export type { StableDiffusionParts, TextGenerateOptions } from './pipeline/stable-diffusion.ts';
export { UnconditionalImagePipeline } from './pipeline/unconditional.ts';
export { TextEncoder } from './text/text-encoder.ts';
export { PromptTokenizer } from './text/tokenizer.ts';
export type { PromptIds, TextTokenizer, TokenizerMaker } from './text/tokenizer.ts';
