export { ADAMS_BASHFORTH_STEPS, adamsBashforth } from './adams-bashforth.ts';
export { CHURN_OPTIONS, churned } from './churn.ts';
export type { ChurnRow, Churned } from './churn.ts';
export { batchStep, predictionDivisors } from './batch-step.ts';
export type { BatchStep, Columns } from './batch-step.ts';
export { cogVideoXFields, cogVideoXLevels } from './cogvideox.ts';
export type { CogVideoXConfig } from './cogvideox.ts';
export { DIFFUSERS_VERSION } from './convert.ts';
export { DDIM_STEP_OPTIONS, ddimFields, ddimPrediction, ddimRow, ddimStep } from './ddim.ts';
export type { DDIMConfig, DDIMRow } from './ddim.ts';
export { AncestralMixin, DDPM_BETA_RULES, ddpmFields, ddpmPlan, ddpmRow, ddpmStep } from './ddpm.ts';
export type { DDPMConfig, DDPMRow, VarianceType } from './ddpm.ts';
export {
  DISTILLED_REQUEST_KEYS,
  distilledFields,
  distilledPlan,
  unsetDistilledPlan,
} from './distilled.ts';
export type { DistilledConfig, DistilledPlan } from './distilled.ts';
export { dpmOrderAt, dpmRow, dpmStep, dpmUpdate } from './dpm-multistep.ts';
export type { DpmConfig, DpmRow, FinalOrderConfig } from './dpm-multistep.ts';
export type { ExplainOptions } from './explain.ts';
export { extrapolated, requireDataForFlow } from './extrapolated.ts';
export type { Extrapolated, ExtrapolationConfig, PredictionRow } from './extrapolated.ts';
export { EDMMixin, edmDenoised, edmInputScale, edmNoise, edmSigmas } from './edm.ts';
export { FlowMatchMixin, flowNoise } from './flow-match.ts';
export type { FlowRow } from './flow-match.ts';
export { inFloat32, kStylePlan, scaleAtSigma } from './k-style-plan.ts';
export type { KStylePlan, KStyleSchedule } from './k-style-plan.ts';
export { KSamplerMixin, KScheduleMixin, kSamplerFields, kScheduleFields, requireShare } from './k-sampler.ts';
export type { KSamplerConfig, KScheduleConfig, ModelCall } from './k-sampler.ts';
export { alongNoises, differing, dpmCalls, dpmNoises } from './dpm-calls.ts';
export type { DpmCall } from './dpm-calls.ts';
export { CONFIG_NAME, loadConfig } from './load.ts';
export type { ConfigSource, HubClient, LoadOptions, UrlLike } from './load.ts';
export { KARRAS_COMPATIBLES } from './karras.ts';
export { KarrasDiffusionSchedulers } from './karras-enum.ts';
export type { KarrasDiffusionSchedulerName } from './karras.ts';
export { knownSchedulers, packageOf } from './names.ts';
export { logBetween, posterior, posteriorMean, splitVariance } from './posterior.ts';
export type { Posterior } from './posterior.ts';
export { after, bounded, predict, predictAtSigma, threshold, trainedLevel } from './predict.ts';
export type { BoundingConfig, Levels, Prediction } from './predict.ts';
export { Registry, registry } from './registry.ts';
export { Run } from './run.ts';
export type { RunOwner } from './run.ts';
export { SchedulerMixin } from './scheduler.ts';
export { FlowShiftMixin, SolverSchedules } from './solver.ts';
export { solverPlan, timestepsNotSet } from './solver-plan.ts';
export type { SolverPlanParts } from './solver-plan.ts';
export type { SchedulerClass, SchedulerConfig } from './scheduler.ts';
export { stridePlan } from './stride-plan.ts';
export type { StrideConfig, StridePlanParts } from './stride-plan.ts';
export { methodNoise } from './context.ts';
export { methodResults } from './method.ts';
export { heunRow, isSecondCall, ofFirstCall } from './two-calls.ts';
export type { HeunRow } from './two-calls.ts';
export { levelOrEnd, trainedNoise } from './trained-levels.ts';
export type { TrainedLevel } from './trained-levels.ts';
export type {
  NoiseLevel,
  NoiseSampler,
  Plan,
  PlanRequest,
  RunRequest,
  SchedulerOptions,
  SchedulerOutput,
  StepContext,
  StepOptions,
  StepResult,
} from './types.ts';
