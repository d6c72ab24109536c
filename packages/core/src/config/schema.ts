// A scheduler's schema: every config key with its default and its type. It yields defaults and type checks. What a key means is
// said at its member of the config interface, from which the README tables are made.

import { DiffusionError } from '../errors.ts';
import { requireKnown } from './known.ts';

/** What a value must be. `any` is checked by the scheduler itself. */
export type ConfigKind = 'number' | 'boolean' | 'string' | 'numbers' | 'any';

export interface ConfigField<T> {
  readonly default: T;
  readonly kind: ConfigKind;
  /** The values that have a meaning; checked where upstream checks them, which is often only at setTimesteps or step. */
  readonly choices?: readonly string[];
  /** null is a value too. */
  readonly nullable?: boolean;
  /** No default: the constructor must be given it. Says what it is, for the error. */
  readonly required?: string;
}

export type ConfigSchema<C> = { readonly [K in keyof C]-?: ConfigField<C[K]> };

/** Any schema, where the keys do not matter. */
export type AnySchema = Readonly<Record<string, ConfigField<unknown>>>;

export function number(value: number): ConfigField<number> {
  return { default: value, kind: 'number' };
}

export function boolean(value: boolean): ConfigField<boolean> {
  return { default: value, kind: 'boolean' };
}

export function choice<T extends string>(value: NoInfer<T>, choices: readonly T[]): ConfigField<T> {
  return { default: value, kind: 'string', choices };
}

export function optionalNumber(): ConfigField<number | null> {
  return { default: null, kind: 'number', nullable: true };
}

export function optionalNumbers(): ConfigField<readonly number[] | null> {
  return { default: null, kind: 'numbers', nullable: true };
}

/** A number that the constructor must be given; `meaning` is a sentence of the error where it is not. */
export function requiredNumber(meaning: string): ConfigField<number> {
  return { default: Number.NaN, kind: 'number', required: meaning };
}

/** The makers of config fields, by the kind of their values. */
export const field: {
  readonly number: typeof number;
  readonly boolean: typeof boolean;
  readonly choice: typeof choice;
  readonly optionalNumber: typeof optionalNumber;
  readonly optionalNumbers: typeof optionalNumbers;
  readonly requiredNumber: typeof requiredNumber;
} = { number, boolean, choice, optionalNumber, optionalNumbers, requiredNumber };

const isNumbers = (value: unknown): boolean =>
  ArrayBuffer.isView(value) || (Array.isArray(value) && value.every((entry) => typeof entry === 'number'));

function fits(field: ConfigField<unknown>, value: unknown): boolean {
  if (value === null) return field.nullable === true || field.kind === 'any';
  if (field.kind === 'any') return true;
  return field.kind === 'numbers' ? isNumbers(value) : typeof value === field.kind;
}

/** From here on whole numbers are not float32 numbers, as timesteps are; tables of more levels would fill the memory. */
const MOST_TRAINED = 2 ** 24;

function tooMany(className: string, value: unknown): DiffusionError {
  const message = `${className}: num_train_timesteps is ${String(value)}; give at most ${MOST_TRAINED}.`;
  return new DiffusionError('CONFIG_INVALID', message, { className, value });
}

/** Throws CONFIG_INVALID when a value has the wrong type, an unknown key is given, or a required one is missing. */
export function checkConfig(className: string, schema: AnySchema, given: Readonly<Record<string, unknown>>): void {
  requireKnown(className, 'config key', given, Object.keys(schema), 'CONFIG_INVALID');
  for (const [key, value] of Object.entries(given)) {
    const field = schema[key]!;
    if (!fits(field, value)) {
      const wanted = field.kind === 'numbers' ? 'an array of numbers' : `a ${field.kind}`;
      throw new DiffusionError(
        'CONFIG_INVALID',
        `${className}: ${key} is ${JSON.stringify(value)}, which is not ${wanted}${field.nullable ? ' or null' : ''}.`,
        { className, key, value },
      );
    }
    if (key === 'num_train_timesteps' && (value as number) > MOST_TRAINED) throw tooMany(className, value);
  }
  for (const [key, field] of Object.entries(schema)) {
    if (field.required && given[key] === undefined) {
      throw new DiffusionError('CONFIG_INVALID', `${className}: ${key} is required. ${field.required}`, {
        className,
        key,
      });
    }
  }
}

/** Throws CONFIG_INVALID unless `value` is one of `choices`. */
export function requireChoice<T extends string>(key: string, value: string, choices: readonly T[]): asserts value is T {
  if (!(choices as readonly string[]).includes(value)) {
    throw new DiffusionError(
      'CONFIG_INVALID',
      `${key} is ${JSON.stringify(value)}. Use one of: ${choices.join(', ')}.`,
      {
        key,
        value,
        choices,
      },
    );
  }
}
