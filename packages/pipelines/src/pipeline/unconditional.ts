// A network that is given nothing but sample and timestep, as diffusers' DDPMPipeline.

import type { DiffusionModel } from '../onnx/model.ts';
import { batchOf } from './batch.ts';
import type { Condition, GenerateOptions } from './pipeline.ts';
import { DiffusionPipeline } from './pipeline.ts';

export class UnconditionalImagePipeline extends DiffusionPipeline {
  static fits({ denoiser }: DiffusionModel): boolean {
    return denoiser.conditions.length === 0;
  }

  protected override condition(options: GenerateOptions): Condition {
    return { batch: batchOf(options) ?? 1, rest: options };
  }
}
