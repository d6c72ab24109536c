// What the schedulers of the DPM-Solver family, DEIS and UniPC are built on: their tables, and the flow shift that a mu leaves behind.

import type { FlowSigmasConfig } from '../config/solver-fields.ts';
import type {
  BetaScheduleConfig,
  Precision,
  RespacingConfig,
  SolverSchedule,
  SolverTables,
} from '../schedule/index.ts';
import { solverTables, unsetSchedule } from '../schedule/index.ts';
import { SchedulerMixin } from './scheduler.ts';
import type { PlanRequest } from './types.ts';

/** Base of what makes the schedules of a solver, numbers only. Which ones there are is its own business. */
export abstract class SolverSchedules<C extends BetaScheduleConfig & RespacingConfig> {
  protected readonly config: Readonly<C>;
  protected readonly precision: Precision;
  protected readonly tables: SolverTables;

  /** Throws as `solverTables`. */
  constructor(config: Readonly<C>, precision: Precision, zeroTerminalSnr: boolean = false) {
    this.config = config;
    this.precision = precision;
    this.tables = solverTables(config, precision, zeroTerminalSnr);
  }

  /** Before setTimesteps. */
  training(): SolverSchedule {
    return unsetSchedule(this.config.num_train_timesteps, this.tables);
  }
}

/** Base of the solvers whose flow sigmas are shifted by e^mu. */
export abstract class FlowShiftMixin<C extends FlowSigmasConfig, K> extends SchedulerMixin<C, K> {
  /** The shift where a request has no mu. */
  protected flowShift: number = this.config.flow_shift;

  /** As upstream, a mu holds for later calls without one too. Runs made by start do not touch it. */
  override setTimesteps(request: number | PlanRequest): void {
    super.setTimesteps(request);
    const mu = typeof request === 'number' ? undefined : request.mu;
    if (mu !== undefined) this.flowShift = Math.exp(mu);
  }
}
