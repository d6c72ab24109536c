// The config keys of the schedulers of flow matching models. A file of its own, so that whoever has none of them does not carry it.

import type { TimeShiftType } from '../schedule/index.ts';
import type { ConfigSchema } from './schema.ts';
import { boolean, choice, number, optionalNumber } from './schema.ts';
import type { SigmaScheduleConfig } from './sigma-fields.ts';
import { sigmaScheduleFields } from './sigma-fields.ts';

export interface FlowMatchConfig extends SigmaScheduleConfig {
  /** Number of noise levels the model was trained with. */
  readonly num_train_timesteps: number;
  /** Static time shift: above 1 spends more steps on noisy levels. */
  readonly shift: number;
  /** Shift by mu, which depends on the image size, instead; setTimesteps then needs mu. */
  readonly use_dynamic_shifting: boolean;
  /** mu of the smallest image; read by pipelines. */
  readonly base_shift: number | null;
  /** mu of the largest image; read by pipelines. */
  readonly max_shift: number | null;
  /** Tokens of the smallest image; read by pipelines. */
  readonly base_image_seq_len: number;
  /** Tokens of the largest image; read by pipelines. */
  readonly max_image_seq_len: number;
  /** Sigmas that rise to 1 (Mochi). */
  readonly invert_sigmas: boolean;
  /** Stretch the schedule so that its last sigma is this. */
  readonly shift_terminal: number | null;
  /** Form of the dynamic shift. */
  readonly time_shift_type: TimeShiftType;
}

export const flowMatchFields: ConfigSchema<FlowMatchConfig> = {
  num_train_timesteps: number(1000),
  shift: number(1),
  use_dynamic_shifting: boolean(false),
  base_shift: { ...optionalNumber(), default: 0.5 },
  max_shift: { ...optionalNumber(), default: 1.15 },
  base_image_seq_len: number(256),
  max_image_seq_len: number(4096),
  invert_sigmas: boolean(false),
  shift_terminal: optionalNumber(),
  ...sigmaScheduleFields,
  time_shift_type: choice('exponential', ['exponential', 'linear']),
};
