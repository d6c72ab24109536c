// unnoise schedulers: what is installed, what could be.

import { knownSchedulers, packageOf, registry } from '@unnoise/core';
import { noPositionals, parsed } from './arguments.ts';
import { importModule, registerAllInstalled, registerBundled } from './installed.ts';
import { shortName } from './scheduler-names.ts';
import { table } from './table.ts';

export async function schedulers(args: readonly string[]): Promise<void> {
  const { values, positionals } = parsed('schedulers', args, { import: { type: 'string' } });
  noPositionals('schedulers', positionals);
  registerBundled();
  await importModule(values.import);
  await registerAllInstalled();
  console.log(`Installed\n${installed()}\n\nNot installed\n${missing()}`);
}

function installed(): string {
  const rows = registry.names().map((className) => {
    const others = registry.compatibles(registry.get(className)).slice(1);
    const swaps = others.map((other) => shortName(other.className)).join(', ');
    return [
      className,
      shortName(className),
      packageOf(className) ?? 'your own',
      swaps && `takes the config of ${swaps}`,
    ];
  });
  return table(rows, '  ');
}

function missing(): string {
  const names = knownSchedulers().filter((name) => !registry.has(name));
  return table(
    names.map((className) => [className, shortName(className), `npm install ${packageOf(className)}`]),
    '  ',
  );
}
