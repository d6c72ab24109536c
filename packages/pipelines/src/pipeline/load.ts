// Which pipeline a model folder is for. A further kind of model is one more class in the list.

import { DiffusionError } from '@unnoise/core';
import type { ModelFiles } from '../onnx/layout.ts';
import type { DiffusionModel, OpenOptions } from '../onnx/model.ts';
import { openModel } from '../onnx/model.ts';
import { shapeText } from '../onnx/encode.ts';
import { ClassConditionalImagePipeline } from './class-conditional.ts';
import type { PipelineOptions } from './pipeline.ts';
import { StableDiffusionPipeline } from './stable-diffusion.ts';
import { UnconditionalImagePipeline } from './unconditional.ts';

export type ImagePipeline = StableDiffusionPipeline | ClassConditionalImagePipeline | UnconditionalImagePipeline;

export interface LoadOptions<P> {
  /** The class that the caller counts on; a folder for another one is refused. Default: whichever fits. */
  readonly as?: abstract new (
    ...args: never
  ) => P;
}

/** Opens a model folder through `files` as the pipeline that fits it. @throws as openModel; MODEL_INVALID where none fits. */
export async function loadPipelineFrom<P extends ImagePipeline = ImagePipeline>(
  files: ModelFiles,
  options: OpenOptions & PipelineOptions & LoadOptions<P>,
): Promise<P> {
  const model = await openModel(files, options);
  let pipeline: ImagePipeline | undefined;
  try {
    pipeline = await pipelineFor(model, files, options);
    if (!options.as || pipeline instanceof options.as) return pipeline as P;
    throw notThatClass(model, pipeline, options.as.name);
  } catch (error) {
    await (pipeline ?? model).dispose();
    throw error;
  }
}

function pipelineFor(
  model: DiffusionModel,
  files: ModelFiles,
  options: OpenOptions & PipelineOptions,
): ImagePipeline | Promise<ImagePipeline> {
  if (StableDiffusionPipeline.fits(model)) return StableDiffusionPipeline.open(model, files, options);
  if (ClassConditionalImagePipeline.fits(model)) return new ClassConditionalImagePipeline(model, options);
  if (UnconditionalImagePipeline.fits(model)) return new UnconditionalImagePipeline(model, options);
  throw withoutPipeline(model);
}

function withoutPipeline({ layout, denoiser }: DiffusionModel): DiffusionError {
  const needs = denoiser.conditions.map(({ name, type, shape }) => `${name} ${type} ${shapeText(shape)}`).join(', ');
  const message =
    `"${layout.name}" (${layout.className}) is conditioned on ${needs}, for which there is no pipeline: there are unconditional, ` +
    'class-conditional and Stable Diffusion ones. Its denoiser works in a loop of your own: openModel, denoiser.bind({ conditioning }) and denoise.';
  return new DiffusionError('MODEL_INVALID', message, { folder: layout.name, needs: denoiser.conditions });
}

function notThatClass({ layout }: DiffusionModel, pipeline: ImagePipeline, wanted: string): DiffusionError {
  const message = `"${layout.name}" (${layout.className}) is for ${pipeline.constructor.name}, not for ${wanted}. Leave out "as", or open another model.`;
  return new DiffusionError('MODEL_INVALID', message, { folder: layout.name, wanted });
}
