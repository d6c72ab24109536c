// The schedules of a few scheduler classes, put together from core/schedule as their packages do. For the golden tests only.

import {
  type BetaRules,
  COMMON_BETA_RULES,
  clippedTimesteps,
  expBetas,
  finalSigma,
  flowSigmaOf,
  flowSigmas,
  flowTrainingSigmas,
  fractionalTimesteps,
  innerTimesteps,
  interleave,
  laplaceBetas,
  logSigmas,
  luSigmas,
  mapTable,
  nudgeFirstFromOne,
  type Precision,
  precisionOf,
  rangeOf,
  repeatAfterFirst,
  repeatInner,
  respacedSigmas,
  respacingOf,
  roundTimesteps,
  shiftSigmas,
  sigmoidBetas,
  sigmasAtTimesteps,
  solverFlowSigmas,
  stretchToTerminal,
  type Table,
  timeShift,
  timestepsOfSigmas,
  torchLinspace,
  trainingLambdas,
  trainingSigmas,
  type TrainingTables,
  trainingTables,
  truncateTimesteps,
  unipcFlowSigmas,
  withFinalSigma,
  withTerminalAlpha,
} from '../../src/schedule/index.ts';

export interface Config {
  readonly num_train_timesteps?: number;
  readonly beta_start?: number;
  readonly beta_end?: number;
  readonly beta_schedule?: string;
  readonly trained_betas?: readonly number[];
  readonly rescale_betas_zero_snr?: boolean;
  readonly timestep_spacing?: string;
  readonly steps_offset?: number;
  readonly use_karras_sigmas?: boolean;
  readonly use_exponential_sigmas?: boolean;
  readonly use_beta_sigmas?: boolean;
  readonly use_lu_lambdas?: boolean;
  readonly use_flow_sigmas?: boolean;
  readonly use_dynamic_shifting?: boolean;
  readonly time_shift_type?: string;
  readonly flow_shift?: number;
  readonly shift?: number;
  readonly shift_terminal?: number;
  readonly invert_sigmas?: boolean;
  readonly sigma_min?: number;
  readonly sigma_max?: number;
  readonly final_sigmas_type?: string;
  readonly interpolation_type?: string;
  readonly lambda_min_clipped?: number;
}

export interface Request {
  readonly num_inference_steps?: number;
  readonly timesteps?: readonly number[];
  readonly sigmas?: readonly number[];
  readonly mu?: number;
}

export interface Plan {
  readonly timesteps: ArrayLike<number>;
  readonly sigmas: Table;
}

export const ALL_BETAS: BetaRules = {
  ...COMMON_BETA_RULES,
  sigmoid: sigmoidBetas,
  laplace: laplaceBetas,
  exp: expBetas,
};

/** betas and alphas_cumprod as the constructor makes them. */
export function trainingOf(config: Config, precision: Precision): TrainingTables {
  const defaults = { num_train_timesteps: 1000, beta_start: 0.0001, beta_end: 0.02, beta_schedule: 'linear' };
  return trainingTables({ ...defaults, ...config }, precision, {
    zeroTerminalSnr: config.rescale_betas_zero_snr === true,
    rules: ALL_BETAS,
  });
}

/** The sigmas of the training schedule, with their logarithms. */
function sigmaTables(config: Config, precision: Precision): { products: Table; sigmas: Table; logs: Table } {
  const { alphasCumprod } = trainingOf(config, precision);
  const products = config.rescale_betas_zero_snr ? withTerminalAlpha(alphasCumprod) : alphasCumprod;
  const sigmas = trainingSigmas(products);
  return { products, sigmas, logs: logSigmas(sigmas) };
}

function spacingOf(config: Config, steps: number, trainSteps: number) {
  return { spacing: config.timestep_spacing ?? 'linspace', steps, trainSteps, offset: config.steps_offset ?? 0 };
}

/** The fractional family: timesteps and sigmas before the final one. */
function fractional(
  config: Config,
  request: Request,
  precision: Precision,
): { timesteps: Table; sigmas: Float64Array; logs: Table } {
  const { sigmas: table, logs } = sigmaTables(config, precision);
  const steps = request.num_inference_steps ?? request.timesteps!.length;
  const timesteps = request.timesteps
    ? precision.table(request.timesteps)
    : fractionalTimesteps(spacingOf(config, steps, table.length), precision);
  const plain =
    config.interpolation_type === 'log_linear'
      ? Float64Array.from(
          mapTable(torchLinspace(logs.at(-1)!, logs[0]!, steps + 1, precision), (x) => precision.round(Math.exp(x))),
        )
      : sigmasAtTimesteps(timesteps, table);
  const respacing = respacingOf(config);
  if (!respacing) return { timesteps, sigmas: plain, logs };
  const sigmas = respacedSigmas(respacing, rangeOf(plain, config), steps);
  return { timesteps: timestepsOfSigmas(sigmas, logs), sigmas, logs };
}

function euler(config: Config, request: Request, precision: Precision): Plan {
  const training = sigmaTables(config, precision);
  if (request.sigmas) {
    const sigmas = precision.table(request.sigmas);
    return { timesteps: precision.table(timestepsOfSigmas(sigmas.slice(0, -1), training.logs)), sigmas };
  }
  const { timesteps, sigmas } = fractional(config, request, precision);
  const final = finalSigma(config.final_sigmas_type ?? 'zero', training.sigmas[0]!);
  return { timesteps: precision.table(timesteps), sigmas: withFinalSigma(sigmas, final, precision) };
}

function heun(config: Config, request: Request, precision: Precision): Plan {
  const { timesteps, sigmas } = fractional(config, request, precision);
  return {
    timesteps: precision.table(repeatAfterFirst(timesteps)),
    sigmas: repeatInner(withFinalSigma(sigmas, 0, precision)),
  };
}

function kdpm2(config: Config, request: Request, precision: Precision): Plan {
  const { timesteps, sigmas: inner, logs } = fractional(config, request, precision);
  const sigmas = withFinalSigma(inner, 0, precision);
  const logarithms = mapTable(sigmas, Math.log);
  const between = mapTable(sigmas.slice(1, -1), (_, i) => {
    const [before, after] = [logarithms[i]!, logarithms[i + 1]!];
    return Math.exp(precision.round(before - 0.5 * precision.round(before - after)));
  });
  const main = config.use_karras_sigmas ? Float64Array.from(roundTimesteps(timesteps)) : timesteps;
  const halves = timestepsOfSigmas(between, logs, precision);
  return {
    timesteps: interleave(main, halves),
    sigmas: precision.table([...repeatInner(sigmas), 0, 0]),
  };
}

function sde(config: Config, request: Request, precision: Precision, wide: Precision): Plan {
  const { sigmas: table, logs } = sigmaTables(config, precision);
  const steps = request.num_inference_steps!;
  const plainTimesteps = fractionalTimesteps(spacingOf(config, steps, table.length), wide) as Float64Array;
  const plain = sigmasAtTimesteps(plainTimesteps, table);
  const respacing = respacingOf(config);
  const sigmas = respacing ? respacedSigmas(respacing, rangeOf(plain), steps) : plain;
  const timesteps = respacing ? timestepsOfSigmas(sigmas, logs) : plainTimesteps;
  const t = sigmas.map((sigma) => -Math.log(sigma));
  const middles = t.slice(0, -1).map((from, i) => Math.exp(-(from + (t[i + 1]! - from) * 0.5)));
  return {
    timesteps: interleave(timesteps, timestepsOfSigmas(middles, logs)),
    sigmas: repeatInner(withFinalSigma(sigmas, 0, precision)),
  };
}

function multistep(config: Config, request: Request, precision: Precision): Plan {
  const { products, sigmas: table, logs } = sigmaTables(config, precision);
  const clipped = clippedTimesteps(trainingLambdas(products), config.lambda_min_clipped ?? -Infinity);
  const steps = request.num_inference_steps ?? request.timesteps!.length;
  const final = finalSigma(config.final_sigmas_type ?? 'zero', table[0]!);
  const end = (timesteps: Int32Array, sigmas: ArrayLike<number>): Plan => ({
    timesteps,
    sigmas: withFinalSigma(sigmas, final, precision),
  });
  const respacing = config.use_lu_lambdas ? 'lu' : respacingOf(config);
  if (respacing) {
    const sigmas =
      respacing === 'lu'
        ? luSigmas(logs.toReversed(), steps)
        : respacedSigmas(respacing, rangeOf(table.toReversed()), steps);
    const exact = timestepsOfSigmas(sigmas, logs);
    const rounds = (respacing === 'karras' || respacing === 'lu') && config.beta_schedule !== 'squaredcos_cap_v2';
    return end(rounds ? roundTimesteps(exact) : truncateTimesteps(exact), sigmas);
  }
  if (config.use_flow_sigmas) {
    const shift = request.mu === undefined ? (config.flow_shift ?? 1) : Math.exp(request.mu);
    const sigmas = solverFlowSigmas(table.length, steps, shift);
    return end(truncateTimesteps(sigmas.map((sigma) => sigma * table.length)), sigmas);
  }
  const timesteps = request.timesteps
    ? truncateTimesteps(request.timesteps)
    : innerTimesteps({ ...spacingOf(config, steps, table.length), top: table.length - clipped });
  return end(timesteps, sigmasAtTimesteps(timesteps, table));
}

function unipc(config: Config, request: Request, precision: Precision): Plan {
  const { sigmas: table, logs } = sigmaTables(config, precision);
  const steps = request.num_inference_steps ?? request.sigmas!.length;
  const type = config.final_sigmas_type ?? 'zero';
  const end = (timesteps: Int32Array, sigmas: Table, last: number): Plan => ({
    timesteps,
    sigmas: withFinalSigma(sigmas, finalSigma(type, last), precision),
  });
  const respacing = respacingOf(config);
  if (respacing) {
    let sigmas = respacedSigmas(respacing, rangeOf(table.toReversed(), config), steps);
    if (respacing === 'karras' && config.use_flow_sigmas) {
      sigmas = sigmas.map(flowSigmaOf);
      return end(truncateTimesteps(sigmas.map((sigma) => sigma * table.length)), sigmas, sigmas.at(-1)!);
    }
    const exact = timestepsOfSigmas(sigmas, logs);
    return end(respacing === 'karras' ? roundTimesteps(exact) : truncateTimesteps(exact), sigmas, sigmas.at(-1)!);
  }
  if (config.use_flow_sigmas) {
    let sigmas: Table = unipcFlowSigmas(table.length, steps);
    sigmas = config.use_dynamic_shifting
      ? timeShift(config.time_shift_type ?? 'exponential', request.mu!, sigmas)
      : shiftSigmas(sigmas, config.flow_shift ?? 1);
    if (config.shift_terminal) sigmas = stretchToTerminal(sigmas, config.shift_terminal);
    sigmas = nudgeFirstFromOne(sigmas);
    return end(truncateTimesteps(mapTable(sigmas, (sigma) => sigma * table.length)), sigmas, sigmas.at(-1)!);
  }
  const timesteps = innerTimesteps(spacingOf(config, steps, table.length));
  return end(timesteps, sigmasAtTimesteps(timesteps, table), table[0]!);
}

function flowMatch(config: Config, request: Request, precision: Precision): Plan {
  const trainSteps = config.num_train_timesteps ?? 1000;
  const shift = config.shift ?? 1;
  const training = flowTrainingSigmas(trainSteps, config.use_dynamic_shifting ? undefined : shift, precision);
  const given = request.timesteps && precision.table(request.timesteps);
  let sigmas: Table = request.sigmas
    ? precision.table(request.sigmas)
    : given
      ? mapTable(given, (t) => t / trainSteps)
      : flowSigmas(training, trainSteps, request.num_inference_steps!);
  sigmas = config.use_dynamic_shifting
    ? timeShift(config.time_shift_type ?? 'exponential', request.mu!, sigmas)
    : shiftSigmas(sigmas, shift);
  if (config.shift_terminal) sigmas = stretchToTerminal(sigmas, config.shift_terminal);
  const respacing = respacingOf(config);
  if (respacing) sigmas = respacedSigmas(respacing, rangeOf(sigmas), sigmas.length);
  let final = precision.table(sigmas);
  if (config.invert_sigmas) final = mapTable(final, (sigma) => 1 - sigma);
  const timesteps = given && !config.invert_sigmas ? given : mapTable(final, (sigma) => sigma * trainSteps);
  return { timesteps, sigmas: withFinalSigma(final, config.invert_sigmas ? 1 : 0, precisionOf(final)) };
}

/** The plan of one golden case. `wide` is the precision of what upstream keeps in float64. */
export function planOf(
  scheduler: string,
  config: Config,
  request: Request,
  precision: Precision,
  wide: Precision,
): Plan {
  if (scheduler === 'DPMSolverSDEScheduler') return sde(config, request, precision, wide);
  const plans: Record<string, (config: Config, request: Request, precision: Precision) => Plan> = {
    EulerDiscreteScheduler: euler,
    HeunDiscreteScheduler: heun,
    KDPM2DiscreteScheduler: kdpm2,
    DPMSolverMultistepScheduler: multistep,
    UniPCMultistepScheduler: unipc,
    FlowMatchEulerDiscreteScheduler: flowMatch,
  };
  // Heun and KDPM2 have other default betas than the rest.
  const defaults = /Heun|KDPM2/.test(scheduler) ? { beta_start: 0.00085, beta_end: 0.012 } : {};
  return plans[scheduler]!({ ...defaults, ...config }, request, precision);
}
