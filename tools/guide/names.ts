// The table of sampler names and that of schedules, from the code that reads them.

import { packageOf, type ConfigObject } from '@unnoise/core';
import { ROWS } from '../../packages/schedulers/src/samplers.ts';
import { SIGMA_SCHEDULES } from '../../packages/schedulers/src/sigma-schedules.ts';
import { table } from '../eval/page.ts';

const code = (text: string): string => `\`${text}\``;

function settings(config: ConfigObject): string {
  return Object.entries(config)
    .map(([key, value]) => code(`${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`))
    .join(', ');
}

function link(className: string): string {
  const folder = packageOf(className)?.replace('@unnoise/', '');
  return `[${code(className)}](../packages/${folder}/README.md)`;
}

/** Names down; a name means a class, and config keys on top of the model's. */
export function samplerTable(): string {
  const rows = ROWS.map(({ name, also, className, config = {}, note = '' }) => {
    const other = also.map(code).join(', ');
    return [name, other, link(className), settings(config), note];
  });
  return table([['AUTOMATIC1111', 'ComfyUI, k-diffusion', 'class', 'config', ''], ...rows]);
}

/** What a schedule turns off is left out. */
export function scheduleTable(): string {
  const rows = Object.entries(SIGMA_SCHEDULES).map(([name, config]) => {
    const on = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== false));
    return [name, settings(on) || (name === 'automatic' ? 'as the model has it' : 'no re-spacing')];
  });
  return table([['schedule', 'config'], ...rows]);
}
