// Which scheduler classes this program knows. Nothing registers itself: import a package's ./register, or call registry.add.

import { DiffusionError } from '../errors.ts';
import { REGISTRY_KEY } from './installed.ts';
import { upstreamKeys } from './known-keys.ts';
import { unknownScheduler } from './names.ts';
import type { SchedulerClass } from './scheduler.ts';

export class Registry {
  readonly #classes = new Map<string, SchedulerClass>();

  /** Adds a class under its className. The same class again is no error; another class of that name is DUPLICATE_NAME. */
  add(...classes: readonly SchedulerClass[]): this {
    for (const scheduler of classes) {
      const present = this.#classes.get(scheduler.className);
      if (present && present !== scheduler) throw duplicate(scheduler.className);
      this.#classes.set(scheduler.className, scheduler);
    }
    return this;
  }

  /** The class of that `_class_name`. Throws SCHEDULER_UNKNOWN, naming the package to install. */
  get(className: string): SchedulerClass {
    const found = this.#classes.get(className);
    if (!found) throw unknownScheduler(className, this.names());
    return found;
  }

  has(className: string): boolean {
    return this.#classes.has(className);
  }

  /** Config keys of a class: of its schema where it is registered, else what is known of upstream's classes. */
  keysOf(className: string): readonly string[] {
    return this.has(className) ? Object.keys(this.get(className).schema) : upstreamKeys(className);
  }

  /** Registered names, in the order of registration. */
  names(): readonly string[] {
    return [...this.#classes.keys()];
  }

  /** The registered classes that can take this class's config: itself first, then in declared order. */
  compatibles(scheduler: SchedulerClass): readonly SchedulerClass[] {
    const others = scheduler.compatibles.filter((name) => name !== scheduler.className && this.has(name));
    return [scheduler, ...others.map((name) => this.get(name))];
  }

  /** Those of `compatibles` that also list this class: swaps that work both ways, which upstream's lists do not promise. */
  mutual(scheduler: SchedulerClass): readonly SchedulerClass[] {
    return this.compatibles(scheduler).filter(
      (other) => other === scheduler || other.compatibles.includes(scheduler.className),
    );
  }
}

function duplicate(name: string): DiffusionError {
  return new DiffusionError(
    'DUPLICATE_NAME',
    `Another class is already registered as ${name}. Give yours its own className, or make sure only one version of its package is installed.`,
    { name },
  );
}

const shared = globalThis as { [REGISTRY_KEY]?: Registry };

/** The default registry; shared by every copy of core in the program. */
export const registry: Registry = (shared[REGISTRY_KEY] ??= new Registry());
