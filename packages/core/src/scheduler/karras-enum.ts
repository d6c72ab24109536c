// Upstream's enum of the schedulers that share a config format, which no scheduler needs.

import { KARRAS_COMPATIBLES, type KarrasDiffusionSchedulerName } from './karras.ts';

/** Upstream's enum, with its numbers: 1 to 15. */
export const KarrasDiffusionSchedulers: Readonly<Record<KarrasDiffusionSchedulerName, number>> = Object.freeze(
  Object.fromEntries(KARRAS_COMPATIBLES.map((name, i) => [name, i + 1])) as Record<
    KarrasDiffusionSchedulerName,
    number
  >,
);
