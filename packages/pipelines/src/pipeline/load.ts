// Which pipeline a model folder is for. A further kind of model is one more class in the list.

import { DiffusionError } from '@unnoise/core';
import type { ModelFiles } from '../onnx/layout.ts';
import type { DiffusionModel, OpenOptions } from '../onnx/model.ts';
import { openModel } from '../onnx/model.ts';
import { shapeText } from '../onnx/encode.ts';
import { ClassConditionalImagePipeline } from './class-conditional.ts';
import type { PipelineOptions } from './pipeline.ts';
import { UnconditionalImagePipeline } from './unconditional.ts';

export type ImagePipeline = ClassConditionalImagePipeline | UnconditionalImagePipeline;

const PIPELINES = [ClassConditionalImagePipeline, UnconditionalImagePipeline] as const;

/** Opens a model folder through `files` as the pipeline that fits its denoiser. @throws as openModel; MODEL_INVALID where none fits. */
export async function loadPipelineFrom(
  files: ModelFiles,
  options: OpenOptions & PipelineOptions,
): Promise<ImagePipeline> {
  const model = await openModel(files, options);
  try {
    return pipelineFor(model, options);
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

function pipelineFor(model: DiffusionModel, options: PipelineOptions): ImagePipeline {
  const Fitting = PIPELINES.find((pipeline) => pipeline.fits(model));
  if (Fitting) return new Fitting(model, options);
  const { layout, denoiser } = model;
  const needs = denoiser.conditions.map(({ name, type, shape }) => `${name} ${type} ${shapeText(shape)}`).join(', ');
  const message =
    `"${layout.name}" (${layout.className}) is conditioned on ${needs}, for which there is no pipeline: there are unconditional and ` +
    'class-conditional ones. Its denoiser works in a loop of your own: openModel, denoiser.bind({ conditioning }) and denoise.';
  throw new DiffusionError('MODEL_INVALID', message, { folder: layout.name, needs: denoiser.conditions });
}
