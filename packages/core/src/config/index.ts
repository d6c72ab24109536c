export * from './config.ts';
export * from './fragments.ts';
export * from './json.ts';
export * from './solver-fields.ts';
export * as field from './schema.ts';
export type { AnySchema, ConfigField, ConfigKind, ConfigSchema } from './schema.ts';
export { requireChoice } from './schema.ts';
