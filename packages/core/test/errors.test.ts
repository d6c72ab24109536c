// Laws of the one error class.
import { describe, expect, it } from 'vitest';
import { DiffusionError, isDiffusionError } from '../src/index.ts';

describe('a DiffusionError', () => {
  const cause = new RangeError('below');
  const error = new DiffusionError('NUMERIC', 'Sigma is 0. Raise it.', { sigma: 0 }, cause);

  it('is an Error with a code, details, a message and a cause', () => {
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code, error.message, error.details, error.cause]).toEqual([
      'DiffusionError',
      'NUMERIC',
      'Sigma is 0. Raise it.',
      { sigma: 0 },
      cause,
    ]);
    expect(error.stack).toContain('DiffusionError: Sigma is 0. Raise it.');
    expect('cause' in new DiffusionError('NUMERIC', 'No cause.')).toBe(false);
    expect(new DiffusionError('NUMERIC', 'No details.').details).toEqual({});
  });

  it('is known by its marker, and by its code where one is asked for', () => {
    expect(isDiffusionError(error)).toBe(true);
    expect(isDiffusionError(error, 'NUMERIC')).toBe(true);
    expect(isDiffusionError(error, 'DISPOSED')).toBe(false);
  });

  it('of another copy of core is known too', async () => {
    const copy = '../src/errors.ts?copy';
    const other = (await import(/* @vite-ignore */ copy)) as {
      DiffusionError: typeof DiffusionError;
      isDiffusionError: typeof isDiffusionError;
    };
    expect(other.DiffusionError).not.toBe(DiffusionError);
    const foreign = new other.DiffusionError('DISPOSED', 'Gone.');
    expect(foreign instanceof DiffusionError).toBe(false);
    expect([isDiffusionError(foreign), isDiffusionError(foreign, 'DISPOSED'), other.isDiffusionError(error)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('is nothing that only looks like one', () => {
    const alike = Object.assign(new Error('x'), { name: 'DiffusionError', code: 'NUMERIC' });
    for (const value of [alike, new Error('x'), { code: 'NUMERIC' }, null, undefined, 'NUMERIC', 7])
      expect(isDiffusionError(value)).toBe(false);
  });

  it('shows its code and details, and not its marker, to whoever lists its fields', () => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'DiffusionError',
      code: 'NUMERIC',
      details: { sigma: 0 },
    });
  });
});
