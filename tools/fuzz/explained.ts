// The documented differences from diffusers, as far as a random case can meet them. Each has a narrow condition and its reason; none is a
// tolerance: where a number is compared, it is one that was measured on upstream itself.

import type { GoldenCase } from '@unnoise/conformance';
import { camelKeys } from '../../conformance/src/scheduler/arguments.ts';
import { noted } from '../../conformance/src/tolerances.ts';
import { FEW, HALVES, TABLES } from './explained-classes.ts';
import type { Seen } from './message.ts';
import { failureOf, missOf, nothingThrown, seenIn } from './message.ts';

export interface Difference {
  /** As in docs/differences.md or the README of the class. */
  readonly reason: string;
  /** Whether it explains this one message of the case. */
  explains(seen: Seen): boolean;
}

/** Those that many classes have in common. */
const COMMON: readonly Difference[] = [
  {
    reason: 'upstream computes this float16 step in float16 and overflows; here steps are computed in float32',
    explains: (seen) =>
      seen.golden.dtype === 'float16' &&
      failureOf(seen)?.type === 'NaN' &&
      seen.golden.fails_in_float32 === false &&
      nothingThrown(seen),
  },
  {
    reason: 'a config value of a wrong type is refused by the constructor, also where upstream never reads it',
    explains: ({ golden, text }) => {
      const [, key = '', kind] = /^threw CONFIG_INVALID: \w+: (\w+) is .+, which is not an? ([a-z]+)/.exec(text) ?? [];
      return (
        kind !== undefined && key in golden.config && golden.config[key] !== null && typeof golden.config[key] !== kind
      );
    },
  },
  {
    reason: 'a list of sigmas: upstream takes only an array there, and JavaScript has one kind of list',
    explains: (seen) =>
      Array.isArray(seen.golden.request?.['sigmas']) &&
      failureOf(seen)?.type === 'TypeError' &&
      failureOf(seen)!.text.startsWith("can't multiply sequence") &&
      nothingThrown(seen),
  },
  {
    reason: 'sigmas without flow sigmas: upstream refuses them, and here they are an extension',
    explains: (seen) =>
      seen.golden.class === 'UniPCMultistepScheduler' &&
      Array.isArray(seen.golden.request?.['sigmas']) &&
      seen.golden.config['use_flow_sigmas'] !== true &&
      /^(Passing `sigmas` is only supported when `use_flow_sigmas=True`|`mu` must be passed when)/.test(
        failureOf(seen)?.text ?? '',
      ) &&
      nothingThrown(seen),
  },
  {
    reason: 'a whole number: upstream tells 1e9 from 1000000000, and JavaScript has one kind of number',
    explains: (seen) => {
      const { steps_offset: offset, num_train_timesteps: trained, solver_order: order } = seen.golden.config;
      const text = failureOf(seen)?.text ?? '';
      const added =
        offset === 1e9 && text.startsWith("Cannot cast ufunc 'add' output from dtype('float64') to dtype('int64')");
      const spread =
        trained === 1e9 &&
        text.startsWith('linspace() received an invalid combination of arguments - got (int, int, float)');
      const repeated = order === 1e9 && text.startsWith("can't multiply sequence by non-int of type 'float'");
      return (added || spread || repeated) && nothingThrown(seen);
    },
  },
  {
    reason:
      "the free run misses its bound by no more than upstream's own, or one of rounded inputs, misses the same run in float64",
    explains: (seen) => seen.check === 'free-run' && missOf(seen) <= noted(seen.golden.free_run_error),
  },
  {
    reason:
      'a method beside step: ours is as near to float64 as upstream is, which has lost digits in float32 or float16',
    explains: (seen) => {
      const [, name = ''] = /^(\w+): element/.exec(seen.text) ?? [];
      return seen.check === 'call' && missOf(seen) <= noted(Number(camelKeys(seen.golden.call_errors ?? {})[name]));
    },
  },
  {
    reason: 'cancellation leaves no correct digit of this tensor: ours is as near to float64 as upstream is',
    explains: (seen) => {
      const tensor = /^(prevSample|predOriginalSample): /.exec(seen.text)?.[1] === 'prevSample' ? 'prev' : 'x0';
      return seen.check === 'teacher' && missOf(seen) <= noted(seen.golden.no_digit?.[`${tensor}.${seen.step}`]);
    },
  },
];

const DIFFERENCES: readonly Difference[] = [...COMMON, ...HALVES, ...TABLES, ...FEW];

/** The reasons that together explain all that differs; undefined if something is left. */
export function explanationOf(golden: GoldenCase, messages: readonly string[]): string | undefined {
  const found = messages.map((message) => {
    const seen = seenIn(golden, message);
    return DIFFERENCES.find((one) => one.explains(seen))?.reason;
  });
  return found.every((reason) => reason !== undefined) ? [...new Set(found)].join('; ') : undefined;
}
