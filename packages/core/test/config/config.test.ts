// Laws of configs: what a scheduler keeps of what it is given, and what travels from one class to another.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultedKeys, registry, setWarningHandler } from '../../src/index.ts';
import { Countdown, Ladder, code, warnings } from '../scheduler/toys.ts';

describe('a config', () => {
  it('is what was given over the defaults, and knows which are defaults', () => {
    const { config } = new Countdown({ levels: 7 });
    expect({ ...config }).toEqual({ levels: 7, scaled: false, curve: 'straight' });
    expect(defaultedKeys(config)).toEqual(['scaled', 'curve']);
    expect(defaultedKeys(new Countdown({ levels: 100 }).config)).toEqual(['scaled', 'curve']);
    expect(JSON.stringify(config)).not.toContain('default');
  });

  it('takes undefined as not given, and null only where null has a meaning', () => {
    expect(new Countdown({ levels: undefined } as never).config.levels).toBe(100);
    expect(new Ladder({ bounds: null }).config.bounds).toBeNull();
    expect(() => new Ladder({ rungs: null } as never)).toThrow(expect.objectContaining(code('CONFIG_INVALID')));
  });

  it('is frozen, and does not change with the object that it was made of', () => {
    const given = { levels: 7 };
    const { config } = new Countdown(given);
    given.levels = 8;
    expect(config.levels).toBe(7);
    expect(Object.isFrozen(config)).toBe(true);
    expect(() => Object.assign(config, { levels: 9 })).toThrow(TypeError);
  });

  it('refuses keys of other classes, with the keys that there are', () => {
    for (const key of ['rungs', 'constructor', 'toString']) {
      expect(() => new Countdown({ [key]: 3 })).toThrow(
        expect.objectContaining({
          ...code('CONFIG_INVALID'),
          message: expect.stringContaining('levels, scaled, curve'),
        }),
      );
    }
  });

  it('takes nothing by position: what is no object would be lost in silence', () => {
    for (const given of [1000, 'levels', true, null, [1000]]) {
      expect(() => new Countdown(given as never)).toThrow(expect.objectContaining(code('CONFIG_INVALID')));
    }
  });
});

describe('a swap', () => {
  let handler: (message: string) => void;
  beforeAll(() => {
    handler = setWarningHandler(() => {}); // what it warns about is tested where it is the law
  });
  afterAll(() => {
    setWarningHandler(handler);
  });

  it('takes what was given and leaves the defaults behind', () => {
    const swapped = Ladder.fromConfig(new Countdown({ levels: 7 }));
    expect(swapped.config).toMatchObject({ curve: 'bent', rungs: 10, levels: 7 });
    expect(Ladder.fromConfig(new Countdown({ curve: 'straight' })).config.curve).toBe('straight');
  });

  it('from a plain object takes every key: nobody knows what were defaults', () => {
    expect(Ladder.fromConfig({ ...new Countdown().config }).config.curve).toBe('straight');
  });

  it('there and back gives the config that went out', () => {
    const there = Ladder.fromConfig(new Countdown({ levels: 7, scaled: true }), { rungs: 3 });
    const back = Countdown.fromConfig(there);
    expect({ ...back.config }).toEqual({ levels: 7, scaled: true, curve: 'straight', rungs: 3 });
    expect({ ...Ladder.fromConfig(back).config }).toEqual({ ...there.config });
  });

  it('hides keys that are not its own: they are in the config and in the file, but no constructor key', () => {
    const { config } = Ladder.fromConfig(new Countdown({ levels: 7 }));
    expect(config['levels']).toBe(7);
    expect(JSON.parse(Ladder.fromConfig(config).saveConfig())).toMatchObject({
      levels: 7,
      _class_name: 'LadderScheduler',
    });
    expect(() => new Ladder(config as never)).toThrow('levels');
  });

  it('lets overrides win, and leaves foreign ones out with a warning', async () => {
    const make = () => Ladder.fromConfig({ rungs: 3, curve: 'straight' }, { rungs: 4, levels: 5 });
    const heard = await warnings(() =>
      expect({ ...make().config }).toEqual({ rungs: 4, curve: 'straight', bounds: null }),
    );
    expect(heard).toEqual([expect.stringContaining('levels')]);
  });

  it('warns once about keys that nobody knows, names them, and keeps them', async () => {
    const heard = await warnings(() => {
      const { config } = Ladder.fromConfig({ rungs: 3, wings: 2, legs: 4, _private: 1, quantization_config: {} });
      expect(config).toMatchObject({ wings: 2, legs: 4, _private: 1 });
    });
    expect(heard).toEqual([expect.stringMatching(/LadderScheduler does not use wings, legs;/)]);
  });

  it('is silent about keys of a compatible class that is registered', async () => {
    const swap = () => Ladder.fromConfig({ levels: 7, scaled: true });
    expect(await warnings(swap)).toHaveLength(1);
    registry.add(Countdown);
    expect(await warnings(swap)).toEqual([]);
  });

  it('reads a deprecated key as the new one, with a warning', async () => {
    const heard = await warnings(() => expect(Ladder.fromConfig({ steps: 4 }).config).toMatchObject({ rungs: 4 }));
    expect(heard).toEqual([expect.stringMatching(/steps is deprecated, use rungs/)]);
    expect('steps' in Ladder.fromConfig({ rungs: 4 }).config).toBe(false);
  });

  it('takes a config or a scheduler, of any copy of core, and nothing else', () => {
    const foreign = { config: { rungs: 6 }, setTimesteps: () => {} };
    expect(Ladder.fromConfig(foreign as never).config.rungs).toBe(6);
    for (const source of [null, undefined, 'x', 7])
      expect(() => Ladder.fromConfig(source as never)).toThrow(expect.objectContaining(code('CONFIG_INVALID')));
    for (const name of [7, {}, null])
      expect(() => Ladder.fromConfig({ _class_name: name })).toThrow(expect.objectContaining(code('CONFIG_INVALID')));
  });

  it('takes keys that objects have by birth as unknown keys', async () => {
    const heard = await warnings(() => Ladder.fromConfig({ constructor: 1, toString: 2, rungs: 3 } as never));
    expect(heard).toEqual([expect.stringContaining('constructor, toString')]);
  });
});
