// Schedulers that can be checked by hand, with everything that a run has to handle; and what their tests share.
import type { Backend, ConfigSchema, Plan, PlanRequest, StepContext, StepResult, Tensor } from '../../src/index.ts';
import { SchedulerMixin, field, indexForTimestep, setWarningHandler, tensor } from '../../src/index.ts';
import { createReferenceBackend } from '../../src/reference/index.ts';

export interface CountdownConfig {
  readonly levels: number;
  /** Scale the model's input by 1 / sigma. */
  readonly scaled: boolean;
  readonly curve: string;
}

export interface CountdownRow {
  readonly sigma: number;
  readonly sigmaNext: number;
}

/**
 * Sigmas n, n - 1, ..., 0 at the timesteps 10 n, ..., 10, addressed by index. Two-step Adams-Bashforth:
 * prev = x + (sigmaNext - sigma) (1.5 out - 0.5 outBefore) + eta z; the first step takes out alone.
 */
export class Countdown extends SchedulerMixin<CountdownConfig, CountdownRow> {
  static override readonly className: string = 'CountdownScheduler';
  static override readonly compatibles: readonly string[] = ['CountdownScheduler', 'LadderScheduler'];
  static override readonly requestKeys: readonly string[] = ['numInferenceSteps', 'timesteps'];
  static override readonly stepOptions: readonly string[] = ['generator', 'varianceNoise', 'eta'];
  static override readonly schema: ConfigSchema<CountdownConfig> = {
    levels: field.number(100),
    scaled: field.boolean(false),
    curve: field.choice<string>('straight', ['straight', 'bent']),
  };

  protected override plan(request: PlanRequest = { numInferenceSteps: this.config.levels }): Plan<CountdownRow> {
    const n = request.numInferenceSteps ?? request.timesteps?.length ?? 0;
    const sigmas = Array.from({ length: n + 1 }, (_, i) => n - i);
    const timesteps = request.timesteps ?? sigmas.slice(0, -1).map((sigma) => 10 * sigma);
    return {
      timesteps,
      sigmas,
      numInferenceSteps: n,
      initNoiseSigma: n,
      row: (index) => ({ sigma: sigmas[index]!, sigmaNext: sigmas[index + 1]! }),
      indexOf: (timestep) => indexForTimestep(timesteps, timestep),
      ...(this.config.scaled && { inputScale: (index: number) => 1 / sigmas[index]! }),
      noiseLevel: (index) => ({ signal: 1, noise: sigmas[index]! }),
    };
  }

  protected override rule({
    k,
    x,
    out,
    carry,
    options,
    normal,
  }: StepContext<CountdownRow>): StepResult | Promise<StepResult> {
    const { eta = 0 } = options;
    const [before] = carry;
    const slope = before ? out.mul(1.5).sub(before.mul(0.5)) : out;
    const prev = x.add(slope.mul(k.sigmaNext - k.sigma));
    return { prev: eta > 0 ? prev.add(normal().mul(eta)) : prev, x0: x.sub(out.mul(k.sigma)), carry: [out] };
  }
}

/** A step that takes a while: it reads the sample back first. */
export class Slow extends Countdown {
  static override readonly className: string = 'SlowScheduler';

  protected override async rule(context: StepContext<CountdownRow>): Promise<StepResult> {
    await context.host(context.x);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return super.rule(context);
  }
}

/** A Countdown whose rule is given by the test. */
export function countdownWith(
  rule: (context: StepContext<CountdownRow>) => StepResult | Promise<StepResult>,
): Countdown {
  return new (class extends Countdown {
    protected override rule = rule;
  })();
}

export interface LadderConfig {
  readonly rungs: number;
  readonly curve: string;
  readonly bounds: readonly number[] | null;
}

/** Addressed by timestep, like DDIM: any timestep has its row. prev = x - out / (timestep + 1). */
export class Ladder extends SchedulerMixin<LadderConfig, number> {
  static override readonly className: string = 'LadderScheduler';
  static override readonly compatibles: readonly string[] = ['CountdownScheduler', 'LadderScheduler'];
  static override readonly schema: ConfigSchema<LadderConfig> = {
    rungs: field.number(10),
    curve: field.choice<string>('bent', ['straight', 'bent']),
    bounds: field.optionalNumbers(),
  };
  static readonly deprecatedKeys: Readonly<Record<string, string>> = { steps: 'rungs' };

  protected override plan(request?: PlanRequest): Plan<number> {
    const n = request?.numInferenceSteps ?? this.config.rungs;
    return {
      timesteps: Array.from({ length: n }, (_, i) => n - 1 - i),
      initNoiseSigma: 1,
      row: (_, timestep) => 1 / (timestep + 1),
    };
  }

  protected override rule({ k, x, out }: StepContext<number>): StepResult {
    return { prev: x.sub(out.mul(k)) };
  }
}

/** A float64 backend, and host data on it. */
export function host(backend: Backend = createReferenceBackend()) {
  const on = (...values: number[]): Tensor => tensor(values, [1, values.length], { backend });
  return { backend, on, live: (): number => backend.stats!().live };
}

export function drop(...tensors: readonly (Tensor | undefined)[]): void {
  for (const one of tensors) one?.dispose();
}

export const values = async (x: Tensor | undefined): Promise<readonly number[]> => Array.from(await x!.data());

/** Runs `body` and gives back what it warned. */
export async function warnings(body: () => unknown): Promise<readonly string[]> {
  const heard: string[] = [];
  const before = setWarningHandler((message) => heard.push(message));
  try {
    await body();
  } finally {
    setWarningHandler(before);
  }
  return heard;
}

export const code = (expected: string): object => ({ name: 'DiffusionError', code: expected });
