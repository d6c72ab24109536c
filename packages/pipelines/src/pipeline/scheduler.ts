// Which scheduler a pipeline runs: the one of the model's config, or another that takes that config over.

import type { ConfigObject, SchedulerClass } from '@unnoise/core';
import { DiffusionError, registry, SchedulerMixin } from '@unnoise/core';
import type { ModelLayout } from '../onnx/layout.ts';
import type { SchedulerChoice } from './pipeline.ts';

/** As upstream: an instance is taken as it is, a class or a class name gets the model's config through fromConfig. */
export function resolveScheduler(
  { name, schedulerConfig }: Pick<ModelLayout, 'name' | 'schedulerConfig'>,
  choice?: SchedulerChoice,
  overrides: ConfigObject = {},
): SchedulerMixin {
  if (typeof choice === 'object') return choice;
  const config = schedulerConfig ?? {};
  if (typeof choice === 'function') return fromConfig(choice, config, overrides);
  const wanted = choice ?? config['_class_name'];
  if (typeof wanted === 'string') return fromConfig(registry.get(wanted), config, overrides);
  const message = `"${name}" has no scheduler_config.json that names a class. Pass { scheduler }: an instance, a class or a class name.`;
  throw new DiffusionError('CONFIG_INVALID', message, { folder: name });
}

function fromConfig(scheduler: SchedulerClass, config: ConfigObject, overrides: ConfigObject): SchedulerMixin {
  return SchedulerMixin.fromConfig.call(scheduler, config, overrides) as SchedulerMixin;
}
