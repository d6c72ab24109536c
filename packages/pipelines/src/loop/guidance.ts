// Classifier-free guidance for any model, by two calls. What can batch the two (see ../onnx/denoiser.ts) does so itself.

import type { Tensor } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import { lease, release } from './lease.ts';
import type { DenoiseOptions, Model } from './types.ts';

/** The model with its conditioning put in: one call, or two and their combination, which the loop computes with its step. */
export function guided<C>(
  options: Pick<DenoiseOptions<C>, 'model' | 'conditioning' | 'unconditional' | 'guidance' | 'guidanceRescale'>,
): Model {
  const { model, conditioning, unconditional, guidance = 1, guidanceRescale = 0 } = options;
  checkGuidance(guidance, guidanceRescale);
  if (guidance === 1) return (x, timestep) => model(x, timestep, conditioning as C);
  if (unconditional === undefined) throw withoutUnconditional(guidance);
  return async (x, timestep) => {
    const uncond = await model(x, timestep, unconditional);
    try {
      const cond = await model(x, timestep, conditioning as C);
      return lease(combined(uncond, cond, guidance, guidanceRescale), [uncond, cond]);
    } catch (error) {
      release(uncond);
      throw error;
    }
  };
}

/** uncond + guidance (cond - uncond), with `rescale` of it brought to the deviation of `cond`; not yet computed. */
export function combined(uncond: Tensor, cond: Tensor, guidance: number, rescale: number): Tensor {
  const extrapolated = uncond.add(cond.sub(uncond).mul(guidance));
  if (rescale === 0) return extrapolated;
  const ratio = spread(cond).div(spread(extrapolated)).sqrt();
  return extrapolated.mul(ratio.mul(rescale).add(1 - rescale));
}

/** Sum of squared distances from the mean, of each batch item: [batch, 1, ...]. */
function spread(x: Tensor): Tensor {
  const [batch, ...item] = x.shape;
  const size = item.reduce((a, b) => a * b, 1);
  const rows = x.cast('float32').reshape([batch!, size]);
  const centred = rows.sub(rows.sum(1).div(size).unsqueeze(1));
  return centred
    .mul(centred)
    .sum(1)
    .reshape([batch!, ...item.map(() => 1)]);
}

export function checkGuidance(guidance: number, rescale: number = 0): void {
  if (!Number.isFinite(guidance)) {
    const message = `guidance is ${guidance}. Give a finite number; 1 is none.`;
    throw new DiffusionError('REQUEST_INVALID', message, { guidance });
  }
  if (rescale >= 0 && rescale <= 1) return;
  const message = `guidanceRescale is ${rescale}. Give a number from 0 to 1; 0 is none.`;
  throw new DiffusionError('REQUEST_INVALID', message, { rescale });
}

function withoutUnconditional(guidance: number): DiffusionError {
  return new DiffusionError(
    'REQUEST_INVALID',
    `guidance is ${guidance}, which needs what the model is given without the condition. Pass unconditional, or guidance: 1.`,
    { guidance },
  );
}
