// A scheduler as ONNX files and a table: what a loop in any runtime needs, without this library. The scheduler runs its whole
// schedule on a backend that only records; every step becomes a graph, and steps of one structure share theirs.

import {
  adopt,
  DiffusionError,
  type DType,
  nativeOf,
  type RunRequest,
  SchedulerMixin,
  type Shape,
  type Tensor,
} from '@unnoise/core';

import { Recorder, type Recording, Token } from './recorder.ts';
import { stepGraph, type StepParts } from './step-graph.ts';

export interface ExportOptions {
  /** Of the sample; default [1, 4, 64, 64]. Where every operation is elementwise, the graphs take all sizes of this rank. */
  readonly shape?: Shape;
  /** Of the model's output, where it differs (learned variances, VQ-Diffusion). */
  readonly outputShape?: Shape;
  /** Of the sample; default float32. */
  readonly dtype?: DType;
}

/** Plain JSON. */
export interface StepTable {
  readonly scheduler: string;
  /** Multiply standard normal noise by this for the first sample. */
  readonly initNoiseSigma: number;
  readonly steps: readonly StepRow[];
}

/** One step. A value is named by its name and the step that it belongs to: `prev_sample@3`, `model_output@0`, `noise@2`. */
export interface StepRow {
  readonly timestep: number;
  /** The model is given the sample times this. */
  readonly inputScale: number;
  /** Which of the graphs. */
  readonly graph: number;
  /** The graph's input of that name: float32, in this order. */
  readonly coefficients: readonly number[];
  /** Where the graph's other inputs come from. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What the graph gives; later steps may ask for each of them. */
  readonly outputs: readonly string[];
}

export interface ExportedStep {
  readonly graphs: readonly Uint8Array[];
  readonly table: StepTable;
}

/**
 * Exports the steps of a schedule. `request` is what `scheduler.start` takes.
 * @throws DiffusionError OP_UNSUPPORTED where a step computes with numbers that it reads back to the host; REQUEST_INVALID as `start`.
 */
export async function exportStep(
  scheduler: SchedulerMixin,
  request: number | RunRequest,
  options: ExportOptions = {},
): Promise<ExportedStep> {
  const recorder = new Recorder(0);
  const exported = await record(scheduler, request, options, recorder);
  if (recorder.reads === 0) return exported;
  // Numbers that are read back may be checked, but not used: with others, the same must come out.
  const again = await record(scheduler, request, options, new Recorder(1));
  if (same(exported, again)) return exported;
  const message =
    `a step of ${scheduler.class.className} reads numbers back to the host and computes with them, which a graph cannot. ` +
    'Dynamic thresholding does so: switch it off in the config.';
  throw new DiffusionError('OP_UNSUPPORTED', message);
}

async function record(
  scheduler: SchedulerMixin,
  request: number | RunRequest,
  options: ExportOptions,
  recorder: Recorder,
): Promise<ExportedStep> {
  const recorded = SchedulerMixin.fromConfig.call(scheduler.class, scheduler, {}, { backend: recorder });
  const { stepOptions, className } = scheduler.class;
  const asked = typeof request === 'number' ? { numInferenceSteps: request } : request;
  const noise = stepOptions.includes('generator') && { generator: recorder.generator() };
  const run = recorded.start({ ...asked, ...noise });
  const steps = new Steps(recorder, options);
  while (!run.done) await steps.add(run);
  run.dispose();
  const { graphs, rows } = steps;
  return { graphs, table: { scheduler: className, initNoiseSigma: run.plan.initNoiseSigma, steps: rows } };
}

function same(a: ExportedStep, b: ExportedStep): boolean {
  const graphs = a.graphs.length === b.graphs.length && a.graphs.every((one, i) => equalBytes(one, b.graphs[i]!));
  return graphs && JSON.stringify(a.table) === JSON.stringify(b.table);
}

const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

type Run = ReturnType<SchedulerMixin['start']>;

class Steps {
  readonly graphs: Uint8Array[] = [];
  readonly rows: StepRow[] = [];
  readonly #recorder: Recorder;
  readonly #outputShape: Shape;
  /** Every value so far, by the name that the table gives it. */
  readonly #sources = new Map<Token, string>();
  #x: Tensor;

  constructor(recorder: Recorder, { shape = [1, 4, 64, 64], outputShape = shape, dtype = 'float32' }: ExportOptions) {
    this.#recorder = recorder;
    this.#outputShape = outputShape;
    const first = new Token(dtype, lengthOf(shape));
    this.#sources.set(first, 'sample@0');
    this.#x = adopt(first, shape, dtype, recorder);
  }

  async add(run: Run): Promise<void> {
    const timestep = run.nextTimestep();
    const inputScale = await this.#inputScale(run);
    const x = this.#x;
    const type = x.dtype === 'float16' ? 'float16' : 'float32'; // models give floats, also for samples of whole numbers
    const out = adopt(new Token(type, lengthOf(this.#outputShape)), this.#outputShape, type, this.#recorder);
    const { prevSample, predOriginalSample } = await run.step(out, x);
    const recording = this.#recorder.take();
    this.#name(out, recording);
    const outputs = outputsOf(recording, prevSample, predOriginalSample);
    this.#addRow({ timestep, inputScale }, recording, outputs, tokenOf(x));
    for (const one of [x, out, predOriginalSample]) one?.dispose();
    this.#x = prevSample;
  }

  async #inputScale(run: Run): Promise<number> {
    (await run.scaleModelInput(this.#x)).dispose();
    return this.#recorder.take().calls[0]?.params[0] ?? 1;
  }

  #name(out: Tensor, { draws }: Recording): void {
    const step = this.rows.length;
    this.#sources.set(tokenOf(out), `model_output@${step}`);
    draws.forEach((token, i) => this.#sources.set(token, `noise${i || ''}@${step}`));
  }

  #addRow(
    row: Pick<StepRow, 'timestep' | 'inputScale'>,
    { calls }: Recording,
    outputs: StepParts['outputs'],
    sample: Token,
  ): void {
    const step = this.rows.length;
    const inputs = this.#inputs(calls, outputs, sample);
    const file = stepGraph({ calls, inputs, outputs, rank: this.#x.shape.length });
    for (const [name, { token }] of outputs) if (!this.#sources.has(token)) this.#sources.set(token, `${name}@${step}`);
    this.rows.push({
      ...row,
      graph: this.#indexOf(file),
      coefficients: calls.flatMap(({ params }) => params),
      inputs: Object.fromEntries([...inputs].map(([token, name]) => [name, this.#sources.get(token)!])),
      outputs: [...outputs.keys()],
    });
  }

  /** What the step reads of earlier values: the sample, this step's own, and state in the order of its use. */
  #inputs(calls: Recording['calls'], outputs: StepParts['outputs'], sample: Token): Map<Token, string> {
    const names = new Map<Token, string>();
    const made = new Set(calls.flatMap((call) => call.outputs));
    let states = 0;
    const read = [...calls.flatMap((call) => call.inputs), ...[...outputs.values()].map(({ token }) => token)];
    for (const token of read) {
      if (made.has(token) || token.data || names.has(token)) continue;
      const [name, step] = this.#sources.get(token)!.split('@') as [string, string];
      const own = name !== 'prev_sample' && Number(step) === this.rows.length;
      names.set(token, token === sample ? 'sample' : own ? name : `state${states++}`);
    }
    return names;
  }

  #indexOf(file: Uint8Array): number {
    const known = this.graphs.findIndex((one) => equalBytes(one, file));
    return known >= 0 ? known : this.graphs.push(file) - 1;
  }
}

/** What lives on after a step: the sample, the prediction, and what the scheduler keeps for later. */
function outputsOf({ calls }: Recording, prev: Tensor, x0: Tensor | undefined): StepParts['outputs'] {
  const outputs = new Map([['prev_sample', { token: tokenOf(prev), shape: prev.shape }]]);
  if (x0) outputs.set('pred_original_sample', { token: tokenOf(x0), shape: x0.shape });
  const named = new Set([...outputs.values()].map(({ token }) => token));
  const kept = calls.flatMap((call) => call.outputs).filter((token) => !token.released && !named.has(token));
  return new Map([...outputs, ...kept.map((token, i) => [`carry${i}`, { token }] as const)]);
}

const tokenOf = (x: Tensor): Token => nativeOf(x) as Token;

const lengthOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
