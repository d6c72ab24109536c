// Classifier-free guidance for any model, by two calls. What can batch the two (see ../onnx/denoiser.ts) does so itself.

import type { Tensor } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import type { DenoiseOptions, Model } from './types.ts';

/** The model with its conditioning put in: one call, or two and their combination. */
export function guided<C>(
  options: Pick<DenoiseOptions<C>, 'model' | 'conditioning' | 'unconditional' | 'guidance'>,
): Model {
  const { model, conditioning, unconditional, guidance = 1 } = options;
  checkGuidance(guidance);
  if (guidance === 1) return (x, timestep) => model(x, timestep, conditioning as C);
  if (unconditional === undefined) throw withoutUnconditional(guidance);
  return async (x, timestep) => {
    const uncond = await model(x, timestep, unconditional);
    let cond: Tensor | undefined;
    try {
      cond = await model(x, timestep, conditioning as C);
      return await extrapolate(uncond, cond, guidance).realize();
    } finally {
      uncond.dispose();
      cond?.dispose();
    }
  };
}

/** uncond + guidance (cond - uncond), not yet computed. */
export function extrapolate(uncond: Tensor, cond: Tensor, guidance: number): Tensor {
  return uncond.add(cond.sub(uncond).mul(guidance));
}

export function checkGuidance(guidance: number): void {
  if (Number.isFinite(guidance)) return;
  throw new DiffusionError('REQUEST_INVALID', `guidance is ${guidance}. Give a finite number; 1 is none.`, {
    guidance,
  });
}

function withoutUnconditional(guidance: number): DiffusionError {
  return new DiffusionError(
    'REQUEST_INVALID',
    `guidance is ${guidance}, which needs what the model is given without the condition. Pass unconditional, or guidance: 1.`,
    { guidance },
  );
}
