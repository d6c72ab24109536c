// From what the graph gave to what the scheduler takes: the two halves of guidance combined, the channels of a learned variance
// kept or dropped, in the dtype of the sample. The graph's arrays are adopted, not copied.

import type { Shape, Tensor } from '@unnoise/core';
import { concat, defaultBackend, DiffusionError } from '@unnoise/core';
import { combined } from '../loop/guidance.ts';
import { lease } from '../loop/lease.ts';
import { shapeText } from './encode.ts';
import { fromHost } from './host-tensor.ts';
import type { Rows } from './rows.ts';

interface How {
  readonly part: string;
  readonly guidance: number;
  readonly guidanceRescale: number;
  readonly variance: boolean;
  readonly deferred: boolean;
}

/** The model's output for the sample `x`. As upstream, guidance leaves a learned variance as the condition has it. */
export async function prediction(rows: Rows, x: Tensor, how: How): Promise<Tensor> {
  const { part, guidance, guidanceRescale, variance, deferred } = how;
  checkShape(rows.shape, x.shape, part);
  const halves = split(rows, guidance === 1 ? 1 : 2, x);
  const cond = halves.at(-1)!;
  const [uncond] = halves;
  const channels = x.shape[1]!;
  const learned = rows.shape[1] === 2 * channels && rows.shape[1] !== channels;
  const mean = (half: Tensor): Tensor => (learned ? half.slice(1, 0, channels) : half);
  const value = guidance === 1 ? mean(cond) : combined(mean(uncond!), mean(cond), guidance, guidanceRescale);
  const out =
    learned && variance ? (guidance === 1 ? cond : concat([value, cond.slice(1, channels, channels)], 1)) : value;
  const cast = out.dtype === x.dtype || x.dtype === 'int32' ? out : out.cast(x.dtype);
  if (cast === cond) return cond;
  if (deferred) return lease(cast, halves);
  try {
    return await cast.realize();
  } finally {
    for (const half of halves) half.dispose();
  }
}

function split({ data, shape, dtype }: Rows, parts: number, x: Tensor): readonly Tensor[] {
  const [rows, ...item] = shape;
  const size = data.length / parts;
  const backend = x.backend ?? defaultBackend();
  return Array.from({ length: parts }, (_, i) =>
    fromHost(data.subarray(i * size, (i + 1) * size), [rows! / parts, ...item], dtype, backend),
  );
}

/** Everything as the sample's, but for the batch, and twice the channels where the variance is learned. */
function checkShape(out: Shape, x: Shape, part: string): void {
  const channels = out[1] === x[1] || out[1] === 2 * x[1]!;
  if (out.length === x.length && channels && out.every((size, axis) => axis < 2 || size === x[axis])) return;
  const message = `${part} predicts ${shapeText(out)} for a sample of ${shapeText(x)}. It must have its shape, or twice its channels.`;
  throw new DiffusionError('MODEL_INVALID', message, { out, x });
}
