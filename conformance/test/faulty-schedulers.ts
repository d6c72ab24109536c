// Schedulers with one planted fault each, and the case that must find it. Each is a real one with one thing bent.

import type { ConfigObject, Plan, PlanRequest, SchedulerClass, StepContext, StepResult } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import type { DDIMRow } from '@unnoise/scheduler-ddim';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import type { EulerRow } from '@unnoise/scheduler-euler-discrete';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';

export interface SchedulerFault {
  readonly fault: string;
  readonly caughtBy: string;
  readonly scheduler: SchedulerClass;
}

type EulerStep = (context: StepContext<EulerRow>, honest: StepResult) => StepResult;
type DDIMStep = (
  context: StepContext<DDIMRow>,
  honest: StepResult | Promise<StepResult>,
) => StepResult | Promise<StepResult>;

const euler = (rule: EulerStep): SchedulerClass =>
  class extends EulerDiscreteScheduler {
    protected override rule(context: StepContext<EulerRow>): StepResult {
      return rule(context, super.rule(context));
    }
  };

const eulerPlan = (bend: (plan: Plan<EulerRow>) => Plan<EulerRow>): SchedulerClass =>
  class extends EulerDiscreteScheduler {
    protected override plan(request?: PlanRequest): Plan<EulerRow> {
      return bend(super.plan(request));
    }
  };

const ddim = (rule: DDIMStep): SchedulerClass =>
  class extends DDIMScheduler {
    protected override rule(context: StepContext<DDIMRow>): StepResult | Promise<StepResult> {
      return rule(context, super.rule(context));
    }
  };

const ddimPlan = (bend: (plan: Plan<DDIMRow>) => Plan<DDIMRow>): SchedulerClass =>
  class extends DDIMScheduler {
    protected override plan(request?: PlanRequest): Plan<DDIMRow> {
      return bend(super.plan(request));
    }
  };

let calls = 0;
let last: StepContext<EulerRow>['x'] | undefined;

export const SCHEDULER_FAULTS: readonly SchedulerFault[] = [
  {
    fault: 'a sign is flipped: the step goes the other way',
    caughtBy: 'scheduler/EulerDiscreteScheduler/teacher:case=default;step=0',
    scheduler: euler(({ x }, { prev, ...rest }) => ({ ...rest, prev: x.mul(2).sub(prev) })),
  },
  {
    fault: 'alpha and sigma are swapped',
    caughtBy: 'scheduler/DDIMScheduler/teacher:case=default;step=0',
    scheduler: ddimPlan((plan) => ({
      ...plan,
      row(index, t) {
        const row = plan.row(index, t);
        return { ...row, alpha: row.sigma, sigma: row.alpha };
      },
    })),
  },
  {
    fault: 'a coefficient is a thousandth of a percent off',
    caughtBy: 'scheduler/DDIMScheduler/teacher:case=clip-sample-off;step=2',
    scheduler: ddimPlan((plan) => ({
      ...plan,
      row(index, t) {
        const row = plan.row(index, t);
        return { ...row, sigmaPrev: row.sigmaPrev * 1.00001 };
      },
    })),
  },
  {
    fault: 'the step uses the sigma after its own',
    caughtBy: 'scheduler/EulerDiscreteScheduler/teacher:case=default;step=1',
    scheduler: eulerPlan((plan) => ({
      ...plan,
      row: (index, t) => plan.row(Math.min(index + 1, plan.timesteps.length - 1), t),
    })),
  },
  {
    fault: 'a table is one unit in the last place off',
    caughtBy: 'scheduler/EulerDiscreteScheduler/tables:case=default',
    scheduler: eulerPlan((plan) => ({
      ...plan,
      sigmas: Float32Array.from(plan.sigmas!, (sigma) => sigma * (1 + 2 ** -23)),
    })),
  },
  {
    fault: 'timesteps start one too early',
    caughtBy: 'scheduler/DDIMScheduler/tables:case=default',
    scheduler: ddimPlan((plan) => ({ ...plan, timesteps: plan.timesteps.map((t) => t + 1) })),
  },
  {
    fault: 'stepIndex does not move',
    caughtBy: 'scheduler/EulerDiscreteScheduler/teacher:case=default;step=2',
    scheduler: class extends EulerDiscreteScheduler {
      override get stepIndex(): number | undefined {
        return super.stepIndex && 1;
      }
    },
  },
  {
    fault: 'the model input is scaled twice',
    caughtBy: 'scheduler/EulerDiscreteScheduler/teacher:case=default;step=0',
    scheduler: eulerPlan((plan) => ({ ...plan, inputScale: (...where) => plan.inputScale!(...where) ** 2 })),
  },
  {
    fault: 'noise is drawn at eta 0 and multiplied by 0',
    caughtBy: 'scheduler/DDIMScheduler/teacher:case=default;step=0',
    scheduler: ddim(async ({ normal }, honest) => {
      const { prev, ...rest } = await honest;
      return { ...rest, prev: prev.add(normal().mul(0)) };
    }),
  },
  {
    fault: 'noise is drawn for one item and spread over the batch',
    caughtBy: 'scheduler/DDIMScheduler/teacher:case=eta-1;step=0',
    scheduler: ddim((context, honest) => {
      void honest;
      context.normal([1, ...context.x.shape.slice(1)]);
      return honest;
    }),
  },
  {
    fault: 'x0 is the sample',
    caughtBy: 'scheduler/DDIMScheduler/teacher:case=default;step=0',
    scheduler: ddim(async ({ x }, honest) => ({ ...(await honest), x0: x.mul(1) })),
  },
  {
    fault: 'a buffer leaks in every step',
    caughtBy: 'scheduler/EulerDiscreteScheduler/teacher:case=default;step=0',
    scheduler: euler(({ x }, honest) => {
      void x.mul(3).realize(); // kept by nobody, and never disposed
      return honest;
    }),
  },
  {
    fault: 'the result of a float16 run is float32',
    caughtBy: 'scheduler/EulerDiscreteScheduler/teacher:case=float16-epsilon;step=0',
    scheduler: euler((_, honest) => ({ ...honest, prevDtype: 'float32' })),
  },
  {
    fault: 'history lies on the class, so runs disturb each other',
    caughtBy: 'scheduler/EulerDiscreteScheduler/law/interleaved:case=default',
    scheduler: euler(({ x }, { prev, ...rest }) => {
      const previous = last;
      last = x;
      return {
        ...rest,
        prev: previous && !previous.disposed && previous.backend === x.backend ? prev.add(previous.mul(0.01)) : prev,
      };
    }),
  },
  {
    fault: 'the plan depends on how often it was asked for',
    caughtBy: 'scheduler/EulerDiscreteScheduler/law/same-plan:case=default',
    scheduler: eulerPlan((plan) => ({ ...plan, initNoiseSigma: plan.initNoiseSigma + calls++ })),
  },
  {
    fault: 'a step divides by zero',
    caughtBy: 'scheduler/EulerDiscreteScheduler/law/finite:case=default',
    scheduler: euler(({ x }, honest) => ({ ...honest, prev: honest.prev.div(x.sub(x)) })),
  },
  {
    fault: 'a step past the end has the wrong code',
    caughtBy: 'scheduler/EulerDiscreteScheduler/law/exhausted:case=default',
    scheduler: class extends EulerDiscreteScheduler {
      override start(
        request: Parameters<EulerDiscreteScheduler['start']>[0],
      ): ReturnType<EulerDiscreteScheduler['start']> {
        const run = super.start(request);
        const { step } = run;
        run.step = async (...given) => {
          if (run.done) throw new DiffusionError('REQUEST_INVALID', 'There is no such step.');
          return step.apply(run, given);
        };
        return run;
      }
    },
  },
  {
    fault: 'an error has the wrong code',
    caughtBy: 'scheduler/EulerDiscreteScheduler/error:case=timestep-foreign',
    scheduler: eulerPlan((plan) => ({
      ...plan,
      indexOf(t) {
        try {
          return plan.indexOf!(t);
        } catch {
          throw new DiffusionError('REQUEST_INVALID', `There is no timestep ${t}.`);
        }
      },
    })),
  },
  {
    fault: 'an error is swallowed',
    caughtBy: 'scheduler/EulerDiscreteScheduler/error:case=timestep-foreign',
    scheduler: eulerPlan((plan) => ({
      ...plan,
      indexOf: (t) => Math.max(0, plan.timesteps.indexOf(t)),
    })),
  },
  {
    fault: 'a rule disposes of its input',
    caughtBy: 'scheduler/EulerDiscreteScheduler/law/inputs:case=default',
    scheduler: euler(({ out }, honest) => {
      queueMicrotask(() => out.dispose());
      return honest;
    }),
  },
  {
    fault: 'a config key is forgotten when the config is saved',
    caughtBy: 'scheduler/DDIMScheduler/law/config-json:case=clip-range-2',
    scheduler: class extends DDIMScheduler {
      override saveConfig(): string {
        const { clip_sample_range: _, ...config } = JSON.parse(super.saveConfig()) as ConfigObject;
        return JSON.stringify(config);
      }
    },
  },
  {
    fault: 'the noise of addNoise is squared',
    caughtBy: 'scheduler/DDIMScheduler/add-noise:case=add-noise-batch',
    scheduler: ddimPlan((plan) => ({
      ...plan,
      noiseLevel(index, t) {
        const { signal, noise } = plan.noiseLevel!(index, t);
        return { signal, noise: noise ** 2 };
      },
    })),
  },
  {
    fault: 'a default does not travel on a swap, but should not have either',
    caughtBy: 'scheduler/DDIMScheduler/swap:case=euler-to-ddim-memory-defaults',
    scheduler: class extends DDIMScheduler {
      static override readonly schema: typeof DDIMScheduler.schema = {
        ...DDIMScheduler.schema,
        beta_end: { ...DDIMScheduler.schema.beta_end, default: 0.012 },
      };
    },
  },
];
