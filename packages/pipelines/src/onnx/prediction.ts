// From what the graph gave to what the scheduler takes: the two halves of guidance combined, the channels of a learned variance
// kept or dropped, in the dtype of the sample. What the graph gave is adopted where it lies, not copied.

import type { Backend, Shape, Tensor } from '@unnoise/core';
import { concat, defaultBackend, DiffusionError } from '@unnoise/core';
import { combined } from '../loop/guidance.ts';
import { lease } from '../loop/lease.ts';
import { fromDevice, isOnDevice } from './device-tensor.ts';
import { shapeText } from './encode.ts';
import { fromHost } from './host-tensor.ts';
import { joined } from './rows.ts';
import type { OnnxTensor } from './runtime.ts';

interface How {
  readonly part: string;
  readonly guidance: number;
  readonly guidanceRescale: number;
  readonly variance: boolean;
  readonly deferred: boolean;
}

/** The model's output for the sample `x`, of all groups of rows. As upstream, guidance leaves a learned variance as the condition has it. */
export async function prediction(outputs: readonly OnnxTensor[], x: Tensor, how: How): Promise<Tensor> {
  const { part, guidance, guidanceRescale, variance, deferred } = how;
  checkShape(outputs[0]!.dims, x.shape, part);
  const halves = await split(outputs, guidance === 1 ? 1 : 2, x, part);
  const cond = halves.at(-1)!;
  const [uncond] = halves;
  const channels = x.shape[1]!;
  const learned = cond.shape[1] === 2 * channels && cond.shape[1] !== channels;
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

async function split(
  outputs: readonly OnnxTensor[],
  parts: number,
  x: Tensor,
  part: string,
): Promise<readonly Tensor[]> {
  const backend = x.backend ?? defaultBackend();
  if (isOnDevice(outputs[0]!)) return splitOnDevice(outputs, parts, backend, part);
  const rows = x.shape[0]! * parts;
  const { data, shape, dtype } = joined(outputs, rows, part);
  const size = data.length / parts;
  return Array.from({ length: parts }, (_, i) =>
    fromHost(data.subarray(i * size, (i + 1) * size), [x.shape[0]!, ...shape.slice(1)], dtype, backend),
  );
}

async function splitOnDevice(
  outputs: readonly OnnxTensor[],
  parts: number,
  backend: Backend | undefined,
  part: string,
): Promise<readonly Tensor[]> {
  if (outputs.length === 1) return fromDevice(outputs[0]!, parts, backend, part);
  const groups = (await Promise.all(outputs.map((output) => fromDevice(output, 1, backend, part)))).flat();
  const all = concat(groups, 0);
  const rows = all.shape[0]! / parts;
  try {
    return await Promise.all(Array.from({ length: parts }, (_, i) => all.slice(0, i * rows, rows).realize()));
  } finally {
    for (const group of groups) group.dispose();
  }
}

/** Everything as the sample's, but for the batch, and twice the channels where the variance is learned. */
function checkShape(out: Shape, x: Shape, part: string): void {
  const channels = out[1] === x[1] || out[1] === 2 * x[1]!;
  if (out.length === x.length && channels && out.every((size, axis) => axis < 2 || size === x[axis])) return;
  const message = `${part} predicts ${shapeText(out)} for a sample of ${shapeText(x)}. It must have its shape, or twice its channels.`;
  throw new DiffusionError('MODEL_INVALID', message, { out, x });
}
