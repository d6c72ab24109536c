// The arguments of `unnoise generate` as values, checked before any model is opened.

import { randomInt } from 'node:crypto';
import { parsed, real, whole } from './arguments.ts';
import { UsageError } from './errors.ts';

export interface GenerateArguments {
  readonly model: string | undefined;
  readonly scheduler: string | undefined;
  readonly steps: number;
  readonly seed: number;
  /** Undefined: the model's own. */
  readonly guidance: number | undefined;
  readonly eta: number | undefined;
  /** Undefined: all classes. */
  readonly classes: readonly string[] | undefined;
  /** For models that draw from prompts. */
  readonly prompts: readonly string[];
  readonly styles: readonly string[];
  readonly negative: string | undefined;
  /** PNG files. */
  readonly image: string | undefined;
  readonly mask: string | undefined;
  readonly strength: number | undefined;
  readonly count: number | undefined;
  readonly batch: number;
  readonly output: string;
  readonly columns: number | undefined;
  readonly size: number | undefined;
  readonly preview: boolean;
  readonly previewPng: string | undefined;
  readonly module: string | undefined;
}

const OPTIONS = {
  model: { type: 'string', short: 'm' },
  scheduler: { type: 'string', short: 's' },
  steps: { type: 'string', short: 'n' },
  seed: { type: 'string' },
  guidance: { type: 'string', short: 'g' },
  eta: { type: 'string' },
  style: { type: 'string', multiple: true },
  negative: { type: 'string' },
  image: { type: 'string', short: 'i' },
  mask: { type: 'string' },
  strength: { type: 'string' },
  class: { type: 'string', short: 'c', multiple: true },
  count: { type: 'string' },
  batch: { type: 'string', short: 'b' },
  output: { type: 'string', short: 'o' },
  out: { type: 'string' },
  grid: { type: 'string' },
  size: { type: 'string' },
  preview: { type: 'boolean', short: 'p' },
  'preview-png': { type: 'string' },
  import: { type: 'string' },
} as const;

const DEFAULT_STEPS = 50;
const DEFAULT_BATCH = 8;

export function generateArguments(args: readonly string[]): GenerateArguments {
  const { values, positionals } = parsed('generate', args, OPTIONS);
  checkPicture(values);
  const seed = whole('seed', values.seed, 0) ?? randomInt(2 ** 32);
  return {
    model: values.model,
    scheduler: values.scheduler,
    steps: whole('steps', values.steps, 1) ?? DEFAULT_STEPS,
    seed,
    guidance: real('guidance', values.guidance),
    eta: real('eta', values.eta),
    classes: values.class && names('class', values.class),
    prompts: positionals,
    styles: names('style', values.style ?? []) ?? [],
    negative: values.negative,
    image: values.image,
    mask: values.mask,
    strength: real('strength', values.strength),
    count: whole('count', values.count, 1),
    batch: whole('batch', values.batch, 1) ?? DEFAULT_BATCH,
    output: values.output ?? values.out ?? `unnoise-${seed}.png`,
    columns: whole('grid', values.grid, 1),
    size: whole('size', values.size, 1),
    preview: values.preview ?? false,
    previewPng: values['preview-png'],
    module: values.import,
  };
}

/** Undefined where all are meant. */
function names(option: string, given: readonly string[]): readonly string[] | undefined {
  const list = given.flatMap((text) => text.split(',')).map((name) => name.trim());
  if (list.some((name) => name === ''))
    throw new UsageError(`--${option} is "${given.join(' ')}". Give names, separated by commas.`);
  return list.length === 1 && list[0] === 'all' ? undefined : list;
}

function checkPicture({ image, mask, strength }: Readonly<Record<string, unknown>>): void {
  if (image !== undefined) return;
  if (mask !== undefined) throw new UsageError('--mask needs a picture to paint in. Pass --image too.');
  if (strength !== undefined) throw new UsageError('--strength is for a picture to start from. Pass --image too.');
}
