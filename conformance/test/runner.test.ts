// A suite in a test runner: what is registered, and how each of the four runners is told of a skipped case. tools/check runs the real ones.

import type { Backend, SchedulerClass } from '@unnoise/core';
import type { Case, Runner, RunnerTest } from '@unnoise/conformance';
import { backendCases, testBackend, testScheduler } from '@unnoise/conformance';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { backendOf, withoutExp } from './faulty-backends.ts';

const EXP = 'backend/map/exp:dtype=float32;layout=odd';
const LINEAR = 'backend/map/linear:dtype=float32;n=2;layout=contiguous';

interface Registered {
  readonly body: RunnerTest;
  readonly timeout: number | undefined;
}

/** A runner that keeps what is registered, instead of running it. */
function collect(register: (runner: Runner) => void, more: Partial<Runner> = {}): Map<string, Registered> {
  const tests = new Map<string, Registered>();
  register({ describe: (_, body) => body(), it: (name, body, timeout) => tests.set(name, { body, timeout }), ...more });
  return tests;
}

/** A method of a runner. */
const spy = () => vi.fn<(...told: unknown[]) => void>();

const started = (tests: Map<string, Registered>, name: string): Promise<void> => tests.get(name)!.body.call(undefined);

describe('a suite in a runner', () => {
  it('has one test for each case, and one for the expectations', async () => {
    const tests = collect((runner) => testBackend({ name: 'own', create: async () => backendOf() }, runner));
    expect(tests.size).toBe([...backendCases()].length + 1);
    await expect(started(tests, LINEAR)).resolves.toBeUndefined();
  });

  it('makes the backend once', async () => {
    let count = 0;
    const tests = collect((runner) => testBackend({ name: 'own', create: async () => (count++, backendOf()) }, runner));
    await started(tests, LINEAR);
    await started(tests, EXP);
    expect(count).toBe(1);
  });

  it('fails a test with the law that was broken, and one for an expectation that names no case', async () => {
    const wrong = { name: 'own', create: async () => backendOf({ params: (_, params) => params.map((c) => -c) }) };
    const expected = [{ id: 'backend/nothing', status: 'fail' as const, reason: 'none' }];
    const tests = collect((runner) => testBackend({ ...wrong, expect: expected }, runner));
    await expect(started(tests, LINEAR)).rejects.toThrow('Law: linear is');
    await expect(started(tests, 'expectations name cases that exist')).rejects.toThrow('backend/nothing');
  });

  it('refuses capabilities that are passed as options', () => {
    const subject = { name: 'own', create: async () => backendOf(), ops: ['exp'] };
    expect(() => collect((runner) => testBackend(subject, runner))).toThrow('read from the subject itself');
  });

  it('tests the laws of a class that has no recorded runs', () => {
    class Own extends (DDIMScheduler as SchedulerClass<DDIMScheduler>) {
      static override readonly className: string = 'OwnScheduler';
    }
    const ids = [
      ...collect((runner) => testScheduler({ scheduler: Own, configs: [{}, { clip_sample: false }] }, runner)).keys(),
    ];
    expect(ids).toContain('scheduler/OwnScheduler/law/interleaved:config=1');
    expect(ids.every((id) => !id.includes('teacher'))).toBe(true);
  });

  it('says what to do without a global describe and it', () => {
    const { describe: kept } = globalThis as { describe?: unknown };
    try {
      delete (globalThis as { describe?: unknown }).describe;
      expect(() => testScheduler(DDIMScheduler)).toThrow('Pass { describe, it }');
    } finally {
      (globalThis as { describe?: unknown }).describe = kept;
    }
  });
});

describe('a case that is declined', () => {
  afterEach(() => void vi.restoreAllMocks());

  const tests = () => collect((runner) => testBackend({ name: 'own', create: async () => withoutExp() }, runner));
  const reason = 'does not declare op:exp';
  const info = () => vi.spyOn(console, 'info').mockImplementation(() => {});

  it('is skipped with its reason in vitest and node:test', async () => {
    const [said, skip] = [info(), spy()];
    await tests().get(EXP)!.body.call(undefined, { skip });
    expect(skip).toHaveBeenCalledExactlyOnceWith(reason);
    expect(said).not.toHaveBeenCalled();
  });

  it('is skipped in mocha, which takes no reason: each is printed once', async () => {
    const [said, context] = [info(), { skip: spy(), timeout: spy() }];
    const all = tests();
    for (const id of [EXP, EXP.replace('odd', 'contiguous')]) await all.get(id)!.body.call(context);
    expect(context.skip).toHaveBeenCalledTimes(2);
    expect(said).toHaveBeenCalledExactlyOnceWith(`skipped: ${reason}, first in ${EXP}`);
  });

  it('passes in jest, which cannot skip a test that runs, and the reason is printed', async () => {
    const said = info();
    await tests().get(EXP)!.body.call({});
    expect(said).toHaveBeenCalledExactlyOnceWith(`skipped: ${reason}, first in ${EXP}`);
  });
});

describe('an expected failure', () => {
  it('is skipped with its reason', async () => {
    const expected = [{ id: LINEAR, status: 'fail' as const, reason: 'signs', issue: '#1' }];
    const wrong = { name: 'own', create: async () => backendOf({ params: (_, params) => params.map((c) => -c) }) };
    const skip = spy();
    const tests = collect((runner) => testBackend({ ...wrong, expect: expected }, runner));
    await tests.get(LINEAR)!.body.call(undefined, { skip });
    expect(skip).toHaveBeenCalledExactlyOnceWith('expected to fail: signs (#1)');
  });
});

describe('time', () => {
  const never: Case<Backend> = { id: 'own', needs: [], spec: 'own', run: () => new Promise(() => {}) };
  const own = (create: () => Promise<Backend>, run: Partial<Case<Backend>> = {}) =>
    collect((runner) => testBackend({ name: 'own', create }, runner, [{ ...never, ...run }]), { timeout: 20 });

  it('that a case takes is limited, and the limits of runners lie behind that', async () => {
    const tests = own(async () => backendOf());
    expect(tests.get('own')!.timeout).toBe(60);
    const timeout = spy();
    await expect(tests.get('own')!.body.call({ timeout, skip: spy() })).rejects.toThrow('was not done after 0.02 s');
    expect(timeout).toHaveBeenCalledExactlyOnceWith(60);
  });

  it('that making the backend takes is limited, and spent once', async () => {
    const create = vi.fn<() => Promise<Backend>>(() => new Promise(() => {}));
    const tests = own(create);
    for (let i = 0; i < 2; i++) await expect(started(tests, 'own')).rejects.toThrow('was not done after 0.02 s');
    expect(create).toHaveBeenCalledTimes(1);
  });

  it('is not spent on what is no backend', async () => {
    const tests = own(async () => ({ upload: 1 }) as unknown as Backend);
    await expect(started(tests, 'own')).rejects.toThrow('create() of "own" gave [object Object], which is no backend');
  });
});

it('a test declares no parameter: jest and mocha would wait for a callback', () => {
  const tests = collect((runner) => testScheduler(DDIMScheduler, runner));
  expect(new Set(Array.from(tests.values(), ({ body }) => body.length))).toEqual(new Set([0]));
});
