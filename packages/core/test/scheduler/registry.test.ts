// Laws of the registry, and of the names that upstream gives to its schedulers (recorded by tools/golden/names.py).
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  KARRAS_COMPATIBLES,
  KarrasDiffusionSchedulers,
  Registry,
  knownSchedulers,
  packageOf,
  registry,
} from '../../src/index.ts';
import { KARRAS_KEYS, UPSTREAM_KEYS } from '../../src/scheduler/known-keys.ts';
import { Countdown, Ladder, Slow, code, warnings } from './toys.ts';
import upstream from './upstream.json' with { type: 'json' };

const K_SAMPLERS = [
  'DPMAdaptiveScheduler',
  'DPMFastScheduler',
  'DPMPP2SAncestralScheduler',
  'DPMPP3MSDEScheduler',
  'RestartScheduler',
];

describe('the registry', () => {
  it('gives back what was added, in that order', () => {
    const own = new Registry().add(Ladder, Countdown);
    expect(own.names()).toEqual(['LadderScheduler', 'CountdownScheduler']);
    expect([own.get('LadderScheduler'), own.has('SlowScheduler')]).toEqual([Ladder, false]);
  });

  it('takes a class twice, but no second class of its name', () => {
    const own = new Registry().add(Countdown).add(Countdown);
    class Impostor extends Ladder {
      static override readonly className = 'CountdownScheduler';
    }
    expect(() => own.add(Impostor)).toThrow(expect.objectContaining(code('DUPLICATE_NAME')));
    expect(own.get('CountdownScheduler')).toBe(Countdown);
  });

  it('says which package has an unknown class, and what else can be done', () => {
    const own = new Registry().add(Ladder);
    expect(() => own.get('UniPCMultistepScheduler')).toThrow(
      expect.objectContaining({
        ...code('SCHEDULER_UNKNOWN'),
        message: expect.stringMatching(
          /npm install @unnoise\/scheduler-unipc-multistep.*@unnoise\/scheduler-unipc-multistep\/register/s,
        ),
        details: expect.objectContaining({
          package: '@unnoise/scheduler-unipc-multistep',
          registered: ['LadderScheduler'],
        }),
      }),
    );
    expect(() => own.get('MyScheduler')).toThrow('registry.add');
    for (const inherited of ['constructor', 'toString', '__proto__'])
      expect(() => own.get(inherited)).toThrow('registry.add');
  });

  it('lists compatibles that are installed, itself first, and of those the mutual ones', () => {
    class OneWay extends Countdown {
      static override readonly className = 'OneWayScheduler';
      static override readonly compatibles: readonly string[] = [
        'MissingScheduler',
        'LadderScheduler',
        'CountdownScheduler',
      ];
    }
    const own = new Registry().add(Ladder, Countdown, OneWay, Slow);
    expect(own.compatibles(OneWay)).toEqual([OneWay, Ladder, Countdown]);
    expect(own.mutual(OneWay)).toEqual([OneWay]);
    expect(own.mutual(Countdown)).toEqual([Countdown, Ladder]);
  });

  it('that is the default is one for all copies of core in a program', async () => {
    const copy = '../../src/scheduler/registry.ts?copy';
    const other = (await import(/* @vite-ignore */ copy)) as { Registry: unknown; registry: unknown };
    expect(other.Registry).not.toBe(Registry);
    expect(other.registry).toBe(registry);
  });
});

describe('upstream', () => {
  it('has an enum of 15 names, with the same numbers here', () => {
    expect(KarrasDiffusionSchedulers).toEqual(upstream.enum);
    expect(KARRAS_COMPATIBLES).toEqual(Object.keys(upstream.enum));
    expect(Object.isFrozen(KarrasDiffusionSchedulers) && Object.isFrozen(KARRAS_COMPATIBLES)).toBe(true);
  });

  it('has classes that are all known; a package is named by their module, and there is one unless none is here', () => {
    for (const [name, { module }] of Object.entries(upstream.classes)) {
      const own = `scheduler-${module.replaceAll('_', '-')}`;
      const present = existsSync(new URL(`../../../${own}`, import.meta.url));
      expect(packageOf(name)).toBe(present ? `@unnoise/${own}` : undefined);
    }
    expect([...knownSchedulers()].sort()).toEqual([...Object.keys(upstream.classes), ...K_SAMPLERS].sort());
    expect(packageOf('MyScheduler')).toBeUndefined();
  });

  it('stands beside the samplers of k-diffusion that it does not have, which have packages too', () => {
    const names = ['dpm-adaptive', 'dpm-fast', 'dpmpp-2s-ancestral', 'dpmpp-3m-sde', 'restart'];
    expect(K_SAMPLERS.map(packageOf)).toEqual(names.map((name) => `@unnoise/scheduler-${name}`));
  });

  it('has config keys that are all known', () => {
    const keysOf = (names: readonly string[]) => {
      const table: Readonly<Record<string, { readonly keys: string }>> = upstream.classes;
      return [...new Set(names.flatMap((name) => table[name]!.keys.split(' ')))].sort();
    };
    expect([...KARRAS_KEYS].sort()).toEqual(keysOf(Object.keys(upstream.enum)));
    expect([...UPSTREAM_KEYS].sort()).toEqual(keysOf(Object.keys(upstream.classes)));
  });
});

describe('a class that is not registered', () => {
  it('is told with its package; one that only upstream has, without', () => {
    expect(() => new Registry().get('TCDScheduler')).toThrow('npm install @unnoise/scheduler-tcd');
    expect(() => new Registry().get('HeliosScheduler')).toThrow('diffusers has it and unnoise does not');
    expect(() => new Registry().get('MyScheduler')).toThrow('check _class_name');
  });
});

describe('a config of a class that is not installed', () => {
  it('loads in silence where upstream knows the class and the key, else with a warning', async () => {
    const load = (config: object) => warnings(() => Ladder.fromConfig({ rungs: 4, ...config }));
    expect(await load({ _class_name: 'KarrasVeScheduler', s_churn: 80, sigma_min: 0.02 })).toEqual([]);
    expect(await load({ _class_name: 'LMSDiscreteScheduler', use_karras_sigmas: true })).toEqual([]);
    expect(await load({ _class_name: 'LMSDiscreteScheduler', s_churn: 80 })).toEqual([
      expect.stringContaining('s_churn'),
    ]);
    expect(await load({ _class_name: 'MyScheduler', use_karras_sigmas: true })).toEqual([
      expect.stringContaining('use_karras_sigmas'),
    ]);
  });
});
