// One pass from noise to sample. All state of sampling lives here: where we are, and what the rule carries from step to step.

import type { Backend } from '../backend.ts';
import { requireKnown } from '../config/known.ts';
import { DiffusionError } from '../errors.ts';
import type { Tensor } from '../tensor/index.ts';
import { realizeStep } from '../tensor/index.ts';
import { warn } from '../warn.ts';
import { stepContext } from './context.ts';
import type { NoiseSampler, Plan, SchedulerOutput, StepContext, StepOptions, StepResult } from './types.ts';

/** The part of a scheduler that a run needs. */
export interface RunOwner<K> {
  readonly name: string;
  readonly stepOptions: readonly string[];
  readonly backend: Backend | undefined;
  /** Some tables hold -Infinity for good (log-probabilities); all others must give finite coefficients. */
  readonly finite: boolean;
  rule(context: StepContext<K>): StepResult<K> | Promise<StepResult<K>>;
}

export class Run<K = unknown> {
  readonly #owner: RunOwner<K>;
  readonly #defaults: StepOptions;
  readonly #begin: number | undefined;
  #index: number | undefined;
  #plan: Plan<K>;
  #carry: readonly Tensor[] = [];
  #noise: NoiseSampler | undefined;
  #state: 'ready' | 'stepping' | 'disposed' = 'ready';
  #scaled: boolean;

  constructor(owner: RunOwner<K>, plan: Plan<K>, defaults: StepOptions = {}, begin?: number) {
    this.#owner = owner;
    this.#plan = plan;
    this.#defaults = defaults;
    this.#begin = begin;
    this.#scaled = plan.inputScale === undefined;
  }

  /** The numbers of the run: the same from start to end, unless its steps decide what comes next. */
  get plan(): Plan<K> {
    return this.#plan;
  }

  /** One timestep per model call of the whole schedule, as far as it is known. */
  get timesteps(): readonly number[] {
    return this.plan.timesteps;
  }

  /** First step of this run, where one was set. */
  get beginIndex(): number | undefined {
    return this.#begin;
  }

  /** Position in the schedule; undefined before the first call of a run whose start is found by its timestep. */
  get stepIndex(): number | undefined {
    return this.#index;
  }

  /** The timestep that the model is called with next; undefined at the end. */
  get timestep(): number | undefined {
    return this.plan.timesteps[this.#position];
  }

  /** The timesteps that are still to come. */
  get remaining(): readonly number[] {
    return this.plan.timesteps.slice(this.#position);
  }

  get done(): boolean {
    return this.#position >= this.plan.timesteps.length;
  }

  get #position(): number {
    return this.#index ?? this.#begin ?? 0;
  }

  /** Scales the sample to what the model expects at this step. The result is a tensor of its own. */
  async scaleModelInput(x: Tensor, timestep?: number): Promise<Tensor> {
    const at = timestep ?? this.nextTimestep();
    if (this.#state === 'disposed') throw disposed(this.#owner.name);
    if (!this.plan.inputScale) return x.clone();
    const index = (this.#index = this.#locate(timestep));
    this.#scaled = true;
    const scaled = x.mul(this.plan.inputScale(index, at));
    await realizeStep([scaled], this.#realizeOptions(index, at));
    return scaled;
  }

  /**
   * One step: from the sample and the model's output at `timestep` to the sample that is one step less noisy.
   * A run that threw is where it was before. Timestep-addressed schedulers take any trained timestep; without one the run follows its schedule.
   */
  async step(out: Tensor, x: Tensor, options?: StepOptions, timestep?: number): Promise<SchedulerOutput> {
    const at = timestep ?? this.nextTimestep();
    this.#enter();
    try {
      const { name, stepOptions } = this.#owner;
      if (options) requireKnown(`${name}.step`, 'option', options, stepOptions);
      this.#warnUnscaled();
      const index = this.#locate(timestep);
      const next = timestep === undefined ? this.plan.timesteps[index + 1] : undefined;
      const result = await this.#realized({ index, next, x, out, options: over(this.#defaults, options) }, at);
      this.#refuseDisposed(result, [x, out]);
      const output = ownedOutput(result, [x, out, ...this.#carry]);
      this.#advance(index, result, new Set([output.prevSample, output.predOriginalSample, x, out, ...this.#carry]));
      return output;
    } finally {
      this.#leave();
    }
  }

  /** Releases what the run holds. Samples it returned stay the caller's. */
  dispose(): void {
    for (const tensor of this.#carry) tensor.dispose();
    this.#carry = [];
    this.#state = 'disposed';
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The timestep of the next step. Throws RUN_EXHAUSTED at the end. */
  nextTimestep(): number {
    const timestep = this.timestep;
    if (timestep === undefined) throw exhausted(this.#owner.name, this.#position, this.plan.timesteps.length);
    return timestep;
  }

  /** Which row a timestep means; as upstream, a run that has begun counts on, whatever timestep it is given. Without one: the next. */
  #locate(timestep: number | undefined): number {
    if (!this.plan.indexOf || timestep === undefined) return this.#position;
    const index = this.#index ?? this.#begin ?? this.plan.indexOf(timestep);
    const length = this.plan.timesteps.length;
    if (index >= length) throw exhausted(this.#owner.name, index, length);
    return index;
  }

  async #realized(
    { index, next, x, out, options }: Pick<StepContext<K>, 'index' | 'next' | 'x' | 'out' | 'options'>,
    timestep: number,
  ): Promise<StepResult<K>> {
    const call = this.plan.countsCalls ? index - (this.#begin ?? 0) : index;
    const k = this.plan.row(call, timestep);
    const noiseOf = (): NoiseSampler | undefined => (this.#noise ??= this.plan.noiseSampler?.(out.shape, options));
    const context = stepContext({
      k,
      plan: this.#plan,
      index: call,
      next,
      x,
      out,
      carry: this.#carry,
      options,
      noiseOf,
    });
    const pending = this.#owner.rule(context);
    const result = pending instanceof Promise ? await pending : pending;
    const prev = likeOutput(result, out);
    await realizeStep(
      [prev, ...(result.x0 ? [result.x0] : []), ...(result.carry ?? [])],
      this.#realizeOptions(index, timestep),
    );
    return { ...result, prev };
  }

  /** Takes over the new carry. What others own too (an output, an input, the old carry) is shared, so that each can be disposed alone. */
  #advance(index: number, { carry = [], plan }: StepResult<K>, shared: ReadonlySet<Tensor | undefined>): void {
    const kept = carry.map((tensor) => (shared.has(tensor) ? tensor.clone() : tensor));
    const old = this.#carry;
    this.#carry = kept;
    this.#index = index + 1;
    if (plan) this.#plan = plan;
    for (const tensor of old) tensor.dispose();
  }

  /** A run that was disposed while its step was computed: what the step made belongs to nobody. */
  #refuseDisposed({ prev, x0, carry = [] }: StepResult<K>, inputs: readonly Tensor[]): void {
    if (this.#state !== 'disposed') return;
    for (const tensor of [prev, x0, ...carry]) if (tensor && !inputs.includes(tensor)) tensor.dispose();
    throw disposed(this.#owner.name);
  }

  #realizeOptions(index: number, timestep: number): Parameters<typeof realizeStep>[1] {
    const { name, backend, finite } = this.#owner;
    return {
      ...(backend && { backend }),
      ...(finite && { requireFinite: (value: number) => notFinite(name, index, timestep, value) }),
    };
  }

  #warnUnscaled(): void {
    if (this.#scaled) return;
    this.#scaled = true;
    warn(
      `${this.#owner.name}: scaleModelInput was not called before step; give the model its result, not the bare sample.`,
    );
  }

  #enter(): void {
    if (this.#state === 'ready') {
      this.#state = 'stepping';
      return;
    }
    const { name } = this.#owner;
    throw this.#state === 'disposed' ? disposed(name) : stillRunning(name);
  }

  #leave(): void {
    if (this.#state === 'stepping') this.#state = 'ready';
  }
}

/** The options of a step over those of its run: undefined is not given, and one source of noise takes the place of the other. */
function over(defaults: StepOptions, options: StepOptions | undefined): StepOptions {
  if (!options) return defaults;
  const { generator: _, varianceNoise: __, ...silent } = defaults;
  const both: Record<string, unknown> = options.generator || options.varianceNoise ? silent : { ...defaults };
  for (const [key, value] of Object.entries(options)) if (value !== undefined) both[key] = value;
  return both;
}

/** Outputs are tensors of their own, even where a rule hands an input on or predicts x0 as the next sample. */
function ownedOutput({ prev, x0 }: StepResult<unknown>, inputs: readonly Tensor[]): SchedulerOutput {
  const prevSample = inputs.includes(prev) ? prev.clone() : prev;
  if (!x0) return { prevSample };
  return { prevSample, predOriginalSample: x0 === prev || inputs.includes(x0) ? x0.clone() : x0 };
}

/** As upstream: a float result comes back in the dtype of the model's output, unless the rule says otherwise. */
function likeOutput({ prev, prevDtype }: StepResult<unknown>, out: Tensor): Tensor {
  const dtype = prevDtype ?? out.dtype;
  const isFloat = prev.dtype === 'float32' || prev.dtype === 'float16';
  return isFloat && prev.dtype !== dtype ? prev.cast(dtype) : prev;
}

function disposed(name: string): DiffusionError {
  return new DiffusionError('DISPOSED', `${name}: this run was disposed. Start another one.`);
}

function stillRunning(name: string): DiffusionError {
  const message = `${name}: the previous step is still running. Await it, or start a run of its own for each sample.`;
  return new DiffusionError('REQUEST_INVALID', message);
}

function exhausted(name: string, index: number, length: number): DiffusionError {
  return new DiffusionError(
    'RUN_EXHAUSTED',
    `${name}: step ${index} of a schedule of ${length} steps. Call setTimesteps (or start) again for another sample.`,
    { index, length },
  );
}

function notFinite(name: string, index: number, timestep: number, value: number): DiffusionError {
  return new DiffusionError(
    'NUMERIC',
    `${name}: step ${index} (timestep ${timestep}) has the coefficient ${value}, so its result would not be finite. ` +
      'This schedule divides by zero here; see "Differences from diffusers" in the package\'s README.',
    { index, timestep, value },
  );
}
