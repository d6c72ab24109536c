// unnoise schedulers: every class with its package, its paper and whose configs it takes.

import type { SchedulerClass } from '@unnoise/core';
import { knownSchedulers, packageOf, registry } from '@unnoise/core';
import { papers, registerAll } from '@unnoise/schedulers';
import { noPositionals, parsed } from './arguments.ts';
import { importModule } from './installed.ts';
import { shortName } from './scheduler-names.ts';
import { table } from './table.ts';

export async function schedulers(args: readonly string[]): Promise<void> {
  const { values, positionals } = parsed('schedulers', args, { import: { type: 'string' } });
  noPositionals('schedulers', positionals);
  await importModule(values.import);
  await registerAll();
  const absent = knownSchedulers().filter((name) => !packageOf(name) && !registry.has(name));
  console.log(`${present()}\n\nNot available (diffusers has them, unnoise has not)\n  ${absent.join('\n  ')}`);
}

/** A line for each class, and one below it with the classes whose configs it takes. */
function present(): string {
  const classes = [...registry.names()].sort().map((name) => registry.get(name));
  const lines = table(classes.map(row)).split('\n');
  return classes.map((one, i) => lines[i]! + compatibles(one)).join('\n');
}

function row({ className }: SchedulerClass): string[] {
  const paper = Object.hasOwn(papers, className) ? papers[className as keyof typeof papers] : '';
  return [className, shortName(className), packageOf(className) ?? 'your own', paper];
}

function compatibles(scheduler: SchedulerClass): string {
  const others = registry.compatibles(scheduler).slice(1);
  if (others.length === 0) return '';
  return `\n    takes the config of ${others.map(({ className }) => shortName(className)).join(', ')}`;
}
