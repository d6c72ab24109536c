// Laws of the config file: what Python writes is read, and what is written Python reads.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatConfig, parseConfig } from '../../src/index.ts';
import { code } from '../scheduler/toys.ts';

describe('a config file', () => {
  it('may hold the words that Python writes and JSON does not know', () => {
    expect(parseConfig('{"a": -Infinity, "b": [Infinity, NaN, 1], "c": {"d": NaN}}')).toEqual({
      a: Number.NEGATIVE_INFINITY,
      b: [Infinity, Number.NaN, 1],
      c: { d: Number.NaN },
    });
  });

  it('may hold the same words in strings and keys, where they are text', () => {
    const text = String.raw`{"NaN": "-Infinity", "b": "say \"NaN\" or Infinity", "c": "\\"}`;
    expect(parseConfig(text)).toEqual({ NaN: '-Infinity', b: 'say "NaN" or Infinity', c: '\\' });
  });

  it('is written as json.dumps(config, indent=2, sort_keys=True) writes it, with a line feed at the end', () => {
    // the same call in Python gives this text for the same values
    const text =
      '{\n  "B": null,\n  "_a": true,\n  "a": "\\"x\\"",\n  "b": [\n    1,\n    -Infinity\n  ],\n  "c": 0.00085,\n  "d": NaN\n}\n';
    expect(
      formatConfig({ d: Number.NaN, c: 0.00085, b: [1, Number.NEGATIVE_INFINITY], a: '"x"', _a: true, B: null }),
    ).toBe(text);
  });

  it('of a typed array is an array', () => {
    expect(parseConfig(formatConfig({ betas: Float32Array.of(0.5, 0.25) }))).toEqual({ betas: [0.5, 0.25] });
  });

  it('that was written is read as what it was', () => {
    const number = fc.double().map((x) => x + 0); // JSON has no -0
    const text = fc.string({ unit: fc.constantFrom('"', '\\', 'NaN', '-Infinity', ' ', '{', 'é', '\n') });
    const value = fc.oneof(number, text, fc.boolean(), fc.constant(null), fc.array(number), fc.array(text));
    fc.assert(
      fc.property(fc.dictionary(text, value, { noNullPrototype: true }), (config) => {
        expect(parseConfig(formatConfig(config))).toEqual(config);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('that is not an object of keys is refused, with the name of the source', () => {
    for (const text of ['', '{', '{"a": }', '{a: 1}', '{"a": Infinityx}', '[]', 'null', '"x"', '1', '-Infinity']) {
      expect(() => parseConfig(text, 'my.json')).toThrow(
        expect.objectContaining({ ...code('CONFIG_INVALID'), message: expect.stringContaining('my.json') }),
      );
    }
  });
});
