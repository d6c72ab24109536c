// The recorded runs of upstream as they lie in golden/<ClassName>/<case>.json; tools/golden/README.md describes every field.

import type { ConfigObject, ErrorCode } from '@unnoise/core';

/** A table: whole, or for long ones its ends and the SHA-256 of all its numbers as little-endian float64. */
export type GoldenTable =
  | readonly number[]
  | {
      readonly length: number;
      readonly sha256: string;
      readonly head: readonly number[];
      readonly tail: readonly number[];
    };

export interface GoldenStep {
  readonly t: number;
  readonly draws: readonly (readonly number[])[];
  readonly step_index: number | null;
}

/** Keyword arguments as upstream names them. */
export type Arguments = Readonly<Record<string, unknown>>;

interface Common {
  readonly id: string;
  readonly class: string;
  readonly config: ConfigObject;
  readonly dtype: 'float32' | 'float16';
  readonly shape: readonly number[];
  /** Arguments of set_timesteps; null: it was not called. */
  readonly request: Arguments | null;
  readonly begin_index?: number;
  /** What the object did before. */
  readonly earlier?: readonly {
    readonly request: Arguments;
    readonly begin_index?: number;
    readonly stepped?: number;
  }[];
  readonly set_shift?: number;
}

export interface GoldenSteps extends Common {
  readonly kind: 'steps';
  /** False where float32 cannot bound a run fed with its own samples: adaptive step sizes, errors that grow. The recipe says why. */
  readonly free_run?: boolean;
  /** Runs whose numbers need float64 samples (adaptive step sizes). They are replayed on the float64 reference, whatever the subject's backend. */
  readonly samples?: 'float64';
  /** Index of the first step; absent where the timesteps passed are not the schedule's. */
  readonly first?: number;
  readonly options?: Arguments;
  readonly expect: {
    readonly timesteps: GoldenTable;
    readonly sigmas: GoldenTable | null;
    readonly init_noise_sigma: number | null;
    readonly order: number;
    readonly num_inference_steps: number | null;
    readonly steps: readonly GoldenStep[];
  };
  /** Relative errors that float32 cannot avoid, by tensor. */
  readonly tolerance_note?: Readonly<Record<string, number>>;
}

export interface GoldenNoise extends Common {
  readonly kind: 'add_noise' | 'velocity' | 'scale_noise';
  readonly timesteps: readonly number[];
  /** Steps run before the call. */
  readonly stepped?: number;
  readonly tolerance_note?: Readonly<Record<string, number>>;
}

export interface GoldenError extends Omit<Common, 'kind'> {
  readonly kind: 'error';
  readonly options?: Arguments;
  readonly expect?: GoldenSteps['expect'];
  /** The call that fails, where it is not a step. */
  readonly call?: 'add_noise' | 'get_velocity' | 'scale_noise';
  readonly timesteps?: readonly number[];
  readonly stepped?: number;
  readonly error: {
    readonly at: string;
    readonly code: ErrorCode;
    readonly step?: number;
    readonly t?: number;
    readonly text: string;
  };
}

/** A method beside `step`. */
export interface GoldenCall extends Common {
  readonly kind: 'call';
  readonly method: string;
  /** In upstream's order; a string names a tensor, an object holds options. */
  readonly arguments: readonly (number | string | null | readonly number[] | Arguments)[];
  /** Whether a generator was passed. */
  readonly generator?: boolean;
  readonly draws: readonly (readonly number[])[];
  /** By upstream's name, or `result` for a lone tensor: a number, or the name of a tensor. */
  readonly results?: Arguments;
  readonly error?: { readonly code: ErrorCode; readonly text: string };
}

/** A config of one class loaded into another, perhaps through others. */
export interface GoldenSwap {
  readonly kind: 'swap';
  readonly id: string;
  readonly class: string;
  readonly from: string | null;
  readonly from_config: ConfigObject | null;
  readonly through: readonly string[];
  readonly to: string;
  readonly via: 'memory' | 'json' | 'raw';
  readonly overrides: ConfigObject;
  readonly result?: ConfigObject;
  readonly defaults?: readonly string[];
  readonly unused?: readonly string[];
  readonly error?: { readonly at: string; readonly code: ErrorCode };
}

export type GoldenCase = GoldenSteps | GoldenNoise | GoldenError | GoldenCall | GoldenSwap;

// a Map: an object would also know 'constructor', which is a stage of a run
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

/** Parses a case; "NaN", "Infinity" and "-Infinity" become numbers. */
export function parseGolden(text: string): GoldenCase {
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' ? (NUMBERS.get(value) ?? value) : value,
  ) as GoldenCase;
}
