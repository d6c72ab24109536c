// What goes into a denoising loop and what comes out of it. The model is any function; nothing here knows of ONNX.

import type { Backend, Generator, Run, RunRequest, SchedulerMixin, Shape, Tensor } from '@unnoise/core';

/**
 * The network: from a sample, scaled as the scheduler wants it, and a timestep to its prediction. The sample is lent for the call;
 * the prediction goes over to the loop, which disposes it.
 */
export type Model<C = undefined> = (sample: Tensor, timestep: number, conditioning: C) => Tensor | Promise<Tensor>;

/** One finished step. Its tensors belong to the loop, which frees them when it goes on; `clone()` what you keep. */
export interface DenoiseStep {
  /** Counts the steps of this loop from 0. */
  readonly index: number;
  /** Model calls in this loop. */
  readonly total: number;
  /** (index + 1) / total. */
  readonly progress: number;
  /** What the model was called with. */
  readonly timestep: number;
  /** The sample after the step. After the last one it is the result, and yours. */
  readonly sample: Tensor;
  /** The clean sample as predicted at this step, where the scheduler gives it: read it only if you show a preview. */
  readonly predOriginalSample?: Tensor;
}

/** Where the loop starts and how it draws. One of `latents`, `image`, `shape`. */
export interface StartOptions {
  /** The first sample itself, already at the noise level of the first step. */
  readonly latents?: Tensor;
  /** A clean sample to start from, noised for where `strength` begins. */
  readonly image?: Tensor;
  /** Beside `image`: 1 where the model paints, 0 where the image stays; [1 or batch, 1 or channels, ...]. */
  readonly mask?: Tensor;
  /** Beside `image`: the standard normal noise to use instead of drawing it. */
  readonly noise?: Tensor;
  /** Shape [batch, ...] of noise to draw. */
  readonly shape?: Shape;
  /** Seeds a stream that equals torch's on the CPU: one for the batch, or one for each item. */
  readonly seed?: number | readonly number[];
  /** The stream itself, instead of a seed. */
  readonly generator?: Generator | readonly Generator[];
  /** Where the samples live; default: the backend of the tensors given, else the default backend. */
  readonly backend?: Backend;
}

/** Other keys (timesteps, sigmas, strength, eta, ...) go to the scheduler, which refuses what it does not have. */
export interface DenoiseOptions<C = undefined>
  extends StartOptions,
    Omit<RunRequest, 'generator' | 'numInferenceSteps'> {
  readonly model: Model<C>;
  readonly scheduler?: SchedulerMixin;
  /** A run that is under way, instead of a scheduler; it stays yours. */
  readonly run?: Run;
  readonly steps?: number;
  /** Handed to the model. */
  readonly conditioning?: C;
  /** Handed to the model for the other half of guidance. */
  readonly unconditional?: C;
  /** Classifier-free guidance: unconditional + guidance * (conditional - unconditional). Default 1: the model as it is. */
  readonly guidance?: number;
  /** Share of the guided prediction that is brought to the deviation of the conditional one, 0 to 1; against overexposure. Default 0. */
  readonly guidanceRescale?: number;
  /** Stops the loop between two steps with an AbortError. */
  readonly signal?: AbortSignal;
  /** The callback form: called, and awaited, after each step. */
  readonly onStep?: (step: DenoiseStep) => void | Promise<void>;
}
