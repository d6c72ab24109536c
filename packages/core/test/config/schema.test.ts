// Laws of schemas: which values a field takes.
import { describe, expect, it } from 'vitest';
import { field, requireChoice } from '../../src/index.ts';
import { checkConfig } from '../../src/config/schema.ts';
import { code } from '../scheduler/toys.ts';

const schema = {
  count: field.number(3),
  on: field.boolean(false),
  mode: field.choice('a', ['a', 'b']),
  limit: field.optionalNumber(),
  list: field.optionalNumbers(),
  free: { default: 1, kind: 'any' },
} as const;

describe('a field', () => {
  it.each([
    ['count', [0, -1.5, Infinity, Number.NEGATIVE_INFINITY], ['1', true, null, [1], {}]],
    ['on', [true, false], [0, 'true', null]],
    ['mode', ['a', 'b', 'unheard of'], [1, null, ['a']]],
    ['limit', [1, null], ['1', false]],
    ['list', [[], [1, 2], Float32Array.of(1), null], [1, '1', ['1'], [null]]],
    ['free', [1, 'x', null, {}, [1]], []],
  ])('%s takes what is of its kind and refuses the rest', (key, good, bad) => {
    for (const value of good) checkConfig('Toy', schema, { [key]: value });
    for (const value of bad) {
      expect(() => checkConfig('Toy', schema, { [key]: value })).toThrow(
        expect.objectContaining({
          ...code('CONFIG_INVALID'),
          message: expect.stringContaining(`Toy: ${key} is ${JSON.stringify(value)}`),
        }),
      );
    }
  });

  it('that is required must be given', () => {
    const needed = { classes: field.requiredNumber('How many classes.') };
    expect(() => checkConfig('Toy', needed, {})).toThrow('Toy: classes is required. How many classes.');
    checkConfig('Toy', needed, { classes: 4 });
  });
});

describe('a choice', () => {
  it('is checked where it is used, and the error lists what there is', () => {
    requireChoice('mode', 'a', ['a', 'b']);
    expect(() => requireChoice('mode', 'c', ['a', 'b'])).toThrow(
      expect.objectContaining({ ...code('CONFIG_INVALID'), message: 'mode is "c". Use one of: a, b.' }),
    );
  });
});
