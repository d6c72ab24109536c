// SchedulerMixin: the base class of every scheduler and its diffusers-shaped face. It holds config and one current run; all
// sampling state is in that run, and `start` gives as many independent ones as you like.

import type { ConfigObject } from '../config/config.ts';
import { buildConfig } from '../config/config.ts';
import type { AnySchema } from '../config/schema.ts';
import { DiffusionError } from '../errors.ts';
import type { Precision } from '../schedule/index.ts';
import { exact64, timestepsForStrength, upstream32 } from '../schedule/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { blend } from './blend.ts';
import type { ExplainOptions } from './explain.ts';
import type { ConfigSource, LoadOptions } from './load.ts';
import { installedRegistry } from './installed.ts';
import { checkBegin, planRequest, splitRequest } from './request.ts';
import type { StartRequest } from './request.ts';
import { Run } from './run.ts';
import type {
  NoiseLevel,
  Plan,
  PlanRequest,
  RunRequest,
  SchedulerOptions,
  SchedulerOutput,
  StepContext,
  StepOptions,
  StepResult,
} from './types.ts';
import { configOf, configText, convertConfig } from './convert.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- a class of any config and row
type AnyScheduler = SchedulerMixin<any, any>;

/** A scheduler class, as registries and loaders see it. */
export interface SchedulerClass<S extends AnyScheduler = AnyScheduler> {
  readonly className: string;
  readonly compatibles: readonly string[];
  readonly schema: AnySchema;
  readonly deprecatedKeys?: Readonly<Record<string, string>>;
  readonly requestKeys: readonly string[];
  readonly stepOptions: readonly string[];
  // oxlint-disable-next-line typescript/no-explicit-any -- each class has a config of its own
  new (config?: any, options?: SchedulerOptions): S;
}

/** The config of a scheduler: its own keys, and whatever keys of other classes it was loaded with. */
export type SchedulerConfig<C> = Readonly<C> & ConfigObject;

/**
 * Base of all schedulers. A subclass gives `className`, `schema`, `plan` (config and request to numbers) and `rule`
 * (tensors to expressions); both are pure.
 */
export abstract class SchedulerMixin<C extends object = object, K = unknown> {
  /** Upstream's class name; never read from `constructor.name`, which minifiers change. */
  static readonly className: string = 'SchedulerMixin';
  /** Names of the classes whose config this one can take. */
  static readonly compatibles: readonly string[] = [];
  static readonly schema: AnySchema = {};
  static readonly requestKeys: readonly string[] = ['numInferenceSteps'];
  static readonly stepOptions: readonly string[] = [];

  readonly config: SchedulerConfig<C>;
  /** Model calls per full step: 2 for Heun-like schedulers. */
  readonly order: number = 1;
  /** Rounding of the tables. */
  protected readonly precision: Precision;
  protected readonly options: SchedulerOptions;
  #run: Run<K> | undefined;
  #begin: number | undefined;

  /** @throws DiffusionError CONFIG_INVALID for unknown keys and wrong types, CONFIG_CONFLICT for values that exclude each other. */
  constructor(config: Partial<C> = {}, options: SchedulerOptions = {}) {
    this.config = buildConfig<SchedulerConfig<C>>(this.class, config, hiddenOf(options));
    this.options = options;
    this.precision = options.precision === 'exact64' ? exact64 : upstream32;
  }

  /** The class of this scheduler. */
  get class(): SchedulerClass {
    return this.constructor as unknown as SchedulerClass;
  }

  /** Numbers only. Without a request: the schedule before setTimesteps, as upstream's constructor leaves it. */
  protected abstract plan(request?: PlanRequest): Plan<K>;

  /** Expressions only: the update as the paper writes it. */
  protected abstract rule(context: StepContext<K>): StepResult<K> | Promise<StepResult<K>>;

  /** False for rules whose coefficients may be infinite (log-probabilities). */
  protected get finite(): boolean {
    return true;
  }

  // ---- independent runs

  /**
   * An independent pass with its own position and history; any number may be interleaved on one scheduler.
   * @throws DiffusionError REQUEST_INVALID for a request that this scheduler cannot plan.
   */
  start(request: number | RunRequest): Run<K> {
    const { plan, options, start } = splitRequest(this.class, request);
    const planned = this.plan(plan);
    return this.#newRun(planned, options, this.#beginOf(start, planned));
  }

  // ---- the face of diffusers

  /** Sets the schedule of the following steps and forgets the last run. */
  setTimesteps(request: number | PlanRequest): void {
    const planned = this.plan(planRequest(this.class, request));
    this.#begin = undefined;
    this.#replace(this.#newRun(planned));
  }

  get timesteps(): readonly number[] {
    return this.#current.plan.timesteps;
  }

  get sigmas(): ArrayLike<number> | undefined {
    return this.#current.plan.sigmas;
  }

  /** Multiply standard normal noise by this for the first sample; read it after setTimesteps. */
  get initNoiseSigma(): number {
    return this.#current.plan.initNoiseSigma;
  }

  get numInferenceSteps(): number | undefined {
    return this.#current.plan.numInferenceSteps;
  }

  /** Position in the schedule; undefined before the first step. Timestep-addressed schedulers (DDIM, DDPM) have none. */
  get stepIndex(): number | undefined {
    return this.#current.plan.indexOf ? this.#current.stepIndex : undefined;
  }

  get beginIndex(): number | undefined {
    return this.#begin;
  }

  /** Where the next run begins, for image-to-image loops. Call after setTimesteps; as upstream, a run under way goes on. */
  setBeginIndex(index: number = 0): void {
    checkBegin(this.class.className, index);
    this.#begin = index;
    if (this.#current.stepIndex === undefined) this.#replace(this.#newRun(this.#current.plan, {}, index));
  }

  /** Position of a timestep. Throws TIMESTEP_NOT_IN_PLAN where upstream raises IndexError. */
  indexForTimestep(timestep: number): number {
    const { indexOf } = this.#current.plan;
    if (!indexOf) throw this.#unsupported('indexForTimestep', 'it is addressed by timestep');
    return indexOf(timestep);
  }

  /** The sample as the model expects it at `timestep`: a new tensor, also where nothing changes. */
  scaleModelInput(x: Tensor, timestep: number): Promise<Tensor> {
    return this.#current.scaleModelInput(x, timestep);
  }

  /** From the model's output at `timestep` and the current sample to the next, less noisy one. */
  step(out: Tensor, timestep: number, x: Tensor, options?: StepOptions): Promise<SchedulerOutput> {
    return this.#current.step(out, x, options, timestep);
  }

  /** Noises clean samples to the given timesteps (one for all, or one per batch item). */
  addNoise(original: Tensor, noise: Tensor, timesteps: number | readonly number[]): Promise<Tensor> {
    const { noiseLevel } = this.#current.plan;
    if (!noiseLevel) throw this.#unsupported('addNoise');
    const levels = this.#levels(noiseLevel, timesteps, this.#fixedIndex());
    return blended(original, noise, levels, ({ signal, noise }) => [signal, noise]);
  }

  /** The velocity target v = alpha * noise - sigma * sample, for training and tests. */
  getVelocity(sample: Tensor, noise: Tensor, timesteps: number | readonly number[]): Promise<Tensor> {
    const { velocityLevel } = this.#current.plan;
    if (!velocityLevel) throw this.#unsupported('getVelocity');
    return blended(sample, noise, this.#levels(velocityLevel, timesteps), ({ signal, noise }) => [-noise, signal]);
  }

  /** Releases what the steps so far left behind. The scheduler is as new; samples it returned stay the caller's. */
  dispose(): void {
    this.#run?.dispose();
    this.#run = this.#begin = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The coefficients of one step of the current schedule as text, one line per output. */
  async explain(index: number = 0, options: ExplainOptions = {}): Promise<string> {
    const { explainStep } = await import('./explain.ts');
    const plan = this.#current.plan;
    return explainStep(plan, index, (context) => this.rule(context), options);
  }

  // ---- configs

  /** The registered classes that can take this scheduler's config, its own first. */
  get compatibles(): readonly SchedulerClass[] {
    return installedRegistry()?.compatibles(this.class) ?? [this.class];
  }

  /** A scheduler of this class from a config object or another scheduler; `overrides` win. As upstream, defaults do not travel. */
  static fromConfig<S extends AnyScheduler>(
    this: SchedulerClass<S>,
    source: ConfigObject | AnyScheduler,
    overrides: ConfigObject = {},
    options: SchedulerOptions = {},
  ): S {
    const { given, hidden } = convertConfig(this, configOf(this.className, source), overrides);
    return new this(given, { ...options, [HIDDEN]: hidden } as SchedulerOptions);
  }

  /**
   * Loads a config and makes this class from it. `source`: a folder (with `subfolder`, default "scheduler" where it exists), a file,
   * a URL, a Hub id ("owner/name"; needs @huggingface/hub), or a config object.
   * @throws DiffusionError FILE_NOT_FOUND, CONFIG_INVALID, DEPENDENCY_MISSING.
   */
  static async fromPretrained<S extends AnyScheduler>(
    this: SchedulerClass<S>,
    source: ConfigSource,
    options: LoadOptions & SchedulerOptions & { readonly overrides?: ConfigObject } = {},
  ): Promise<S> {
    const { loadConfig } = await import('./load.ts');
    const config = await loadConfig(source, options);
    return SchedulerMixin.fromConfig.call(this as SchedulerClass, config, options.overrides, options) as S;
  }

  /** The text of scheduler_config.json, hidden keys included. */
  saveConfig(): string {
    return configText(this.class.className, this.config);
  }

  /** Writes scheduler_config.json into a folder, which is made if need be. Node, Deno and Bun only. */
  async savePretrained(folder: string): Promise<void> {
    const { saveConfigFile } = await import('./load.ts');
    await saveConfigFile(folder, this.saveConfig());
  }

  // ---- private

  get #current(): Run<K> {
    return (this.#run ??= this.#newRun(this.plan()));
  }

  #replace(run: Run<K>): void {
    this.#run?.dispose();
    this.#run = run;
  }

  #newRun(plan: Plan<K>, defaults: StepOptions = {}, begin?: number): Run<K> {
    const { className: name, stepOptions } = this.class;
    const rule = (context: StepContext<K>) => this.rule(context);
    return new Run(
      { name, stepOptions, backend: this.options.backend, finite: this.finite, rule },
      plan,
      defaults,
      begin,
    );
  }

  #beginOf({ beginIndex, strength }: StartRequest, plan: Plan<K>): number | undefined {
    if (strength === undefined) return beginIndex;
    const steps = plan.numInferenceSteps ?? plan.timesteps.length;
    return timestepsForStrength(steps, strength, this.order).beginIndex;
  }

  /** As upstream: where a begin index was set, addNoise takes the position of the run for every item, whatever its timestep. */
  #fixedIndex(): number | undefined {
    return this.#begin === undefined ? undefined : (this.stepIndex ?? this.#begin);
  }

  #levels(
    levelOf: (index: number, timestep: number) => NoiseLevel,
    timesteps: number | readonly number[],
    fixed?: number,
  ): readonly NoiseLevel[] {
    const { plan } = this.#current;
    const list = typeof timesteps === 'number' ? [timesteps] : timesteps;
    const indexOf = plan.noiseByTimestep ? undefined : plan.indexOf;
    return list.map((timestep) => levelOf(indexOf ? (fixed ?? indexOf(timestep)) : 0, timestep));
  }

  #unsupported(method: string, reason = 'as upstream, it has none'): DiffusionError {
    return new DiffusionError('OP_UNSUPPORTED', `${this.class.className} has no ${method}: ${reason}.`, { method });
  }
}

/** What text-to-image never needs is loaded with the first call. */
async function blended(...args: Parameters<typeof blend>): Promise<Tensor> {
  return (await import('./blend.ts')).blend(...args);
}

const HIDDEN: unique symbol = Symbol('hidden config keys');

function hiddenOf(options: SchedulerOptions): ConfigObject {
  return (options as { [HIDDEN]?: ConfigObject })[HIDDEN] ?? {};
}
