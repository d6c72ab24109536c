// The contract between the scheduler layer and one scheduler: a plan (numbers, no tensors) and a rule (expressions, no backend).

import type { Backend } from '../backend.ts';
import type { Generator } from '../random/generator.ts';
import type { Tensor } from '../tensor/index.ts';
import type { DType, Shape, TypedArray } from '../tensor/types.ts';

/** What setTimesteps and start take; which keys a scheduler accepts is its `requestKeys`. */
export interface PlanRequest {
  /** Number of inference steps. */
  readonly numInferenceSteps?: number;
  /** Custom timesteps, descending. */
  readonly timesteps?: readonly number[];
  /** Custom sigmas, descending. */
  readonly sigmas?: readonly number[];
  /** Resolution-dependent time shift (see `shiftForImage`). */
  readonly mu?: number;
  /** Number of steps that a distilled model was trained on. */
  readonly originalInferenceSteps?: number;
  /** Noise of the choice of tokens at the first step and at the last; one number: from there to 0.01 (Amused). */
  readonly temperature?: number | readonly [number, number];
  /** Share of the schedule to make, in [0, 1], where the grid depends on it (LCM, TCD). */
  readonly strength?: number;
  /** Steps of one jump back to more noise (RePaint). */
  readonly jumpLength?: number;
  /** How often each stretch of the schedule is run (RePaint). */
  readonly jumpNSample?: number;
  /** The last timestep of a schedule in continuous time (score SDEs). */
  readonly samplingEps?: number;
  /** Ends of the noise levels, where a request may set them (score SDEs). */
  readonly sigmaMin?: number;
  readonly sigmaMax?: number;
  /** The first time of a run, and the one between two steps; null switches a default off (SCM). */
  readonly maxTimesteps?: number | null;
  readonly intermediateTimesteps?: number | null;
}

/**
 * Standard normal numbers for a step from one noise level to another: as many as the shape holds. A sampler may give the same stretch the
 * same noise (a Brownian path, see `@unnoise/core/brownian`) or draw anew.
 */
export type NoiseSampler = (sigma: number, sigmaNext: number, shape: Shape) => Float32Array | Float64Array;

/** What step takes beside its tensors; which keys a scheduler accepts is its `stepOptions`. */
export interface StepOptions {
  /** Source of the noise; a list gives each batch item its own. */
  readonly generator?: Generator | readonly Generator[];
  /** Noise to use instead of the generator's. */
  readonly varianceNoise?: Tensor;
  /** Noise by the levels that a step goes between, in place of the scheduler's own; for schedulers that draw it so. */
  readonly noiseSampler?: NoiseSampler;
  readonly eta?: number;
  readonly useClippedModelOutput?: boolean;
  readonly sChurn?: number;
  readonly sTmin?: number;
  readonly sTmax?: number;
  readonly sNoise?: number;
  /** How many derivatives a linear multistep method uses. */
  readonly order?: number;
  readonly perTokenTimesteps?: Tensor;
  /** The clean sample to step towards, instead of the one that the model's output means. */
  readonly predOriginalSample?: Tensor;
  /** The clean sample that an earlier step predicted, and the timestep of that step, where they are not those of this run (CogVideoXDPM). */
  readonly oldPredOriginalSample?: Tensor;
  readonly timestepBack?: number;
  /** The timestep that the step goes to; undefined: the run's next, or the one below where there is none (unCLIP). */
  readonly prevTimestep?: number | undefined;
  /** Share of the tokens that were masked at the start (Amused). */
  readonly startingMaskRatio?: number;
  /** The picture to keep a part of, and 1 where it is kept, 0 where it is made anew (RePaint). */
  readonly originalImage?: Tensor;
  readonly mask?: Tensor;
  /** The noise level of the sample, and that of the next one (KarrasVe). */
  readonly sigmaHat?: number;
  readonly sigmaPrev?: number;
}

/** What `start` takes: a plan request, options for every step, and where to begin. */
export interface RunRequest extends PlanRequest, StepOptions {
  /** First step of the schedule to run. */
  readonly beginIndex?: number;
  /** Share of the schedule to run, in (0, 1], as image-to-image pipelines count it; or of the schedule to make (LCM, TCD). */
  readonly strength?: number;
}

/** How much of the clean sample and of the noise a noise level holds: x = signal * x0 + noise * epsilon. */
export interface NoiseLevel {
  readonly signal: number;
  readonly noise: number;
}

/** Everything about a run that is known before its first tensor. Pure data and pure functions of numbers. */
export interface Plan<K> {
  /** What the model is given, one per model call. */
  readonly timesteps: readonly number[];
  /** Noise levels, ending with the level after the last step; absent for schedulers without sigmas. */
  readonly sigmas?: ArrayLike<number>;
  /** The count of steps, where upstream knows it (not for custom timesteps of some schedulers). */
  readonly numInferenceSteps?: number;
  /** Standard deviation of the first sample. */
  readonly initNoiseSigma: number;
  /** The float64 coefficients of one step. Index-addressed schedulers ignore `timestep`, timestep-addressed ones ignore `index`. */
  row(index: number, timestep: number): K;
  /** True where a row goes by the number of calls since the run began, wherever that was (PNDM). */
  readonly countsCalls?: boolean;
  /** Position of a timestep; absent for timestep-addressed schedulers. Throws TIMESTEP_NOT_IN_PLAN where upstream does. */
  indexOf?(timestep: number): number;
  /** Factor that scaleModelInput applies; 1 when absent. */
  inputScale?(index: number, timestep: number): number;
  /** True where addNoise and getVelocity go by the trained timestep, though steps go by their index. */
  readonly noiseByTimestep?: boolean;
  /** Where noise is a function of the levels of a step: makes that function, once for each run. Without it, steps draw from the generator. */
  noiseSampler?(shape: Shape, options: StepOptions): NoiseSampler;
  /** For addNoise; absent where upstream has none. */
  noiseLevel?(index: number, timestep: number): NoiseLevel;
  /** For getVelocity; absent where upstream has none. */
  velocityLevel?(index: number, timestep: number): NoiseLevel;
}

/** What a rule works with. Tensors are lazy: nothing is computed until the rule has returned. */
export interface StepContext<K> {
  /** The plan's row of this step. */
  readonly k: K;
  /** The run's plan: what a step that plans the next one adds to. */
  readonly plan: Plan<K>;
  readonly index: number;
  /** The timestep that the run goes to. Undefined at its end, and in a step that was told its timestep and so follows no schedule. */
  readonly next?: number | undefined;
  /** The current sample. */
  readonly x: Tensor;
  /** The model's output for it. */
  readonly out: Tensor;
  /** What earlier steps returned as carry, newest first by convention. */
  readonly carry: readonly Tensor[];
  readonly options: StepOptions;
  /** Standard normal noise: the caller's varianceNoise, else a draw. Throws GENERATOR_REQUIRED. Shape of `out` unless given. */
  normal(shape?: Shape): Tensor;
  /** Standard normal noise for a step between two levels: the caller's noiseSampler, the plan's, else `normal()`. */
  normalBetween(sigma: number, sigmaNext: number): Tensor;
  /** Uniform noise in [0, 1). Throws GENERATOR_REQUIRED. */
  uniform(shape: Shape): Tensor;
  /** Reads a tensor back to the host: only for what cannot be an expression (a quantile). */
  host(value: Tensor): Promise<TypedArray>;
}

export interface StepResult<K = never> {
  readonly prev: Tensor;
  /** Dtype of a float `prev` where upstream does not return the model output's. */
  readonly prevDtype?: DType;
  readonly x0?: Tensor;
  /** Tensors for later steps; those not returned again are released. */
  readonly carry?: readonly Tensor[];
  /** The plan that the run goes on with, where a step decides the next (adaptive step sizes). Rows of steps taken stay as they are. */
  readonly plan?: Plan<K>;
}

/** What step resolves to. Both tensors are the caller's to dispose. */
export interface SchedulerOutput {
  /** The sample one step less noisy. */
  readonly prevSample: Tensor;
  /** The clean sample that this step predicts, where the scheduler gives it: use it for previews. */
  readonly predOriginalSample?: Tensor;
}

export interface SchedulerOptions {
  /** `upstream32` (default): tables rounded to float32 where upstream rounds. `exact64`: float64 throughout, for convergence studies. */
  readonly precision?: 'upstream32' | 'exact64';
  /** Where host data goes when no tensor of a step has a backend yet; default: the default backend. */
  readonly backend?: Backend;
}
