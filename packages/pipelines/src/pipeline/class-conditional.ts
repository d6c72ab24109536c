// A network that is given the class of each picture, as diffusers' class-conditional UNet2DModel and DiT pipelines.

import { DiffusionError } from '@unnoise/core';
import type { HostArray } from '../onnx/encode.ts';
import type { DiffusionModel } from '../onnx/model.ts';
import { batchOf } from './batch.ts';
import type { ClassLabel } from './class-labels.ts';
import { ClassLabels } from './class-labels.ts';
import type { Condition, GenerateOptions, PipelineOptions } from './pipeline.ts';
import { DiffusionPipeline } from './pipeline.ts';

const INPUTS: readonly string[] = ['class_labels', 'class_label', 'labels', 'y'];

export interface ClassGenerateOptions extends GenerateOptions {
  /** By number or name: one for each picture, or one for all; default: any class, for models that have a null label. */
  readonly classLabels?: ClassLabel | readonly ClassLabel[];
}

export class ClassConditionalImagePipeline extends DiffusionPipeline<ClassGenerateOptions> {
  static fits({ denoiser }: DiffusionModel): boolean {
    const [input, ...others] = denoiser.conditions;
    return input !== undefined && others.length === 0 && INPUTS.includes(input.name);
  }

  readonly labels: ClassLabels;

  constructor(model: DiffusionModel, options?: PipelineOptions) {
    super(model, options);
    this.labels = new ClassLabels(model.layout, model.denoiser.part.config);
  }

  protected override condition({ classLabels, ...rest }: ClassGenerateOptions): Condition {
    const ids = this.#ids(classLabels, batchOf(rest));
    const input = this.model.denoiser.conditions[0]!.name;
    const { nullLabel } = this.labels;
    const of = (labels: readonly number[]): Record<string, HostArray> => ({
      [input]: { data: labels, shape: [labels.length] },
    });
    const unconditional = nullLabel === undefined ? {} : { unconditional: of(ids.map(() => nullLabel)) };
    return { batch: ids.length, rest, conditioning: of(ids), ...unconditional };
  }

  #ids(given: ClassGenerateOptions['classLabels'], batch: number | undefined): readonly number[] {
    const list = given === undefined ? [this.#anyClass()] : Array.isArray(given) ? given : [given as ClassLabel];
    const ids = (list as readonly ClassLabel[]).map((label) => this.labels.idOf(label));
    if (ids.length === 1) return Array.from({ length: batch ?? 1 }, () => ids[0]!);
    if (ids.length > 0 && ids.length === (batch ?? ids.length)) return ids;
    const message = `${ids.length} class labels were given for ${batch ?? 'some'} pictures. Give one label, or one for each picture.`;
    throw new DiffusionError('REQUEST_INVALID', message, { labels: ids.length, batch });
  }

  #anyClass(): number {
    if (this.labels.nullLabel !== undefined) return this.labels.nullLabel;
    throw new DiffusionError('REQUEST_INVALID', 'This model draws by class and has no null label. Pass classLabels.');
  }
}
