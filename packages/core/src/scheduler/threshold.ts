// Dynamic thresholding (Imagen): the one bound of x0 that has to read it back.

import type { ThresholdingConfig } from '../config/thresholding-fields.ts';
import { DiffusionError } from '../errors.ts';
import { dynamicThreshold } from '../schedule/quantile.ts';
import type { Tensor } from '../tensor/index.ts';
import { tensor } from '../tensor/index.ts';
import type { StepContext } from './types.ts';

/** Dynamic thresholding: each item of the batch is divided by its own threshold s and clipped to [-1, 1]. Reads x0 back once. */
export async function thresholded(
  context: Pick<StepContext<unknown>, 'host'>,
  x0: Tensor,
  config: ThresholdingConfig,
): Promise<Tensor> {
  if (x0.shape.length < 3) {
    // as upstream, which fails on [batch, channels]
    const message = `thresholding needs a sample [batch, channels, ...]; this one has shape [${x0.shape}].`;
    throw new DiffusionError('SHAPE_MISMATCH', message, { shape: x0.shape });
  }
  if (!(config.sample_max_value > 0)) {
    const message = `sample_max_value is ${config.sample_max_value}. Thresholds lie above 0: give a larger one.`;
    throw new DiffusionError('CONFIG_INVALID', message, { sample_max_value: config.sample_max_value });
  }
  const values = Float32Array.from(await context.host(x0));
  const batch = x0.shape[0] ?? 0;
  const size = values.length / batch;
  const limits = Float32Array.from({ length: batch }, (_, item) =>
    dynamicThreshold(
      values.subarray(item * size, (item + 1) * size),
      config.dynamic_thresholding_ratio,
      config.sample_max_value,
    ),
  );
  const scaled = x0.div(tensor(limits, [batch, ...x0.shape.slice(1).map(() => 1)])).clamp(-1, 1);
  return scaled.dtype === x0.dtype ? scaled : scaled.cast(x0.dtype);
}
