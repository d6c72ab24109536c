// Resizing of samples on the host, as torch's interpolate without align_corners or antialias: no kernel of a backend gathers. Loaded for
// the first step that needs it.

import { DiffusionError } from '@unnoise/core';
import type { UpscaleMode } from './index.ts';

/** What one number along an axis is made of: entries of the old axis and their weights. */
type Taps = readonly (readonly [at: number, weight: number])[];

/** Old length, new length, and the position on the new axis. */
type Kernel = (from: number, to: number, i: number) => Taps;

export interface Resized {
  readonly values: Float64Array;
  readonly shape: readonly number[];
}

/** Middles of pixels lie on middles of pixels. */
const middle = (from: number, to: number, i: number): number => (i + 0.5) * (from / to) - 0.5;

const linear: Kernel = (from, to, i) => {
  const x = Math.max(0, middle(from, to, i));
  const at = Math.min(Math.floor(x), from - 1);
  return [
    [at, 1 - (x - at)],
    [Math.min(at + 1, from - 1), x - at],
  ];
};

/** Cubic convolution (Keys 1981) with a = -3/4, as torch has it; edges repeat. */
const cubic: Kernel = (from, to, i) => {
  const a = -0.75;
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const x = middle(from, to, i);
  const at = Math.floor(x);
  const t = x - at;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)].map((weight, k) => [
    Math.min(Math.max(at - 1 + k, 0), from - 1),
    weight,
  ]);
};

/** In float32 as upstream: a position that falls between two pixels goes to one of them. */
const nearest =
  (offset: number): Kernel =>
  (from, to, i) => {
    const at = Math.floor(Math.fround((i + offset) * Math.fround(from / to)));
    return [[Math.min(at, from - 1), 1]];
  };

const area: Kernel = (from, to, i) => {
  const start = Math.floor((i * from) / to);
  const count = Math.ceil(((i + 1) * from) / to) - start;
  return Array.from({ length: count }, (_, k) => [start + k, 1 / count]);
};

/** The kernel of each mode along an axis, and how many spatial axes torch takes it for. */
const MODES: Readonly<Record<UpscaleMode, { readonly kernel: Kernel; readonly axes: readonly number[] }>> = {
  nearest: { kernel: /* @__PURE__ */ nearest(0), axes: [1, 2, 3] },
  'nearest-exact': { kernel: /* @__PURE__ */ nearest(0.5), axes: [1, 2, 3] },
  area: { kernel: area, axes: [1, 2, 3] },
  linear: { kernel: linear, axes: [1] },
  bilinear: { kernel: linear, axes: [2] },
  trilinear: { kernel: linear, axes: [3] },
  bicubic: { kernel: cubic, axes: [2] },
};

/**
 * values of `shape` [batch, channels, ...spatial] with the spatial axes resized to `size`, one axis after the other.
 * Throws CONFIG_INVALID for an unknown mode and a size below 1, and SHAPE_MISMATCH where the mode is not for so many axes.
 */
export function resize(
  values: ArrayLike<number>,
  shape: readonly number[],
  size: readonly number[],
  mode: UpscaleMode,
): Resized {
  const { kernel } = checked(shape, size, mode);
  const start: Resized = { values: Float64Array.from(values), shape };
  return size.reduce((image, length, axis) => along(image, axis + 2, length, kernel), start);
}

function checked(shape: readonly number[], size: readonly number[], mode: UpscaleMode): (typeof MODES)[UpscaleMode] {
  const known = Object.hasOwn(MODES, mode) ? MODES[mode] : undefined;
  if (!known) {
    const message = `upscale_mode is ${JSON.stringify(mode)}. Use one of: ${Object.keys(MODES).join(', ')}.`;
    throw new DiffusionError('CONFIG_INVALID', message, { mode });
  }
  if (!known.axes.includes(shape.length - 2)) {
    const message = `upscale_mode ${mode} takes ${known.axes.join(', ')} axes after batch and channels; the sample has shape [${shape}].`;
    throw new DiffusionError('SHAPE_MISMATCH', message, { mode, shape });
  }
  if (size.every((length) => length >= 1)) return known;
  const message = `scale_factors ask for a picture of ${size.join(' x ')}; every side must be at least 1.`;
  throw new DiffusionError('CONFIG_INVALID', message, { size });
}

function along({ values, shape }: Resized, axis: number, to: number, kernel: Kernel): Resized {
  const from = shape[axis] ?? 1;
  if (from === to) return { values, shape };
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = values.length / (from * inner);
  const result = new Float64Array(outer * to * inner);
  for (let i = 0; i < to; i++) {
    for (const [at, weight] of kernel(from, to, i)) {
      for (let o = 0; o < outer; o++) {
        const [source, target] = [(o * from + at) * inner, (o * to + i) * inner];
        for (let j = 0; j < inner; j++) result[target + j]! += weight * values[source + j]!;
      }
    }
  }
  return { values: result, shape: shape.map((length, d) => (d === axis ? to : length)) };
}
