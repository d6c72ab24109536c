import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { chromium, missingDevices, vulkan } from '../devices.mjs';
import { root } from '../workspace.ts';

/** What devices.mjs answers under these environment variables. */
function asked(expression: string, env: Readonly<Record<string, string>>): unknown {
  const program = `import * as devices from './tools/devices.mjs'; console.log(JSON.stringify(${expression} ?? null));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
  });
  return JSON.parse(String(stdout));
}

it('in CI nothing is missing that tests need', () => {
  const missing = missingDevices();
  if (process.env['CI']) expect(missing).toEqual([]);
  else expect(missing.every((notice) => notice.includes('apt-get install'))).toBe(true);
});

it('CHROMIUM names the browser, and a wrong name is not replaced by another browser', () => {
  expect(asked('devices.chromium()', { CHROMIUM: process.execPath })).toBe(process.execPath);
  expect(asked('devices.chromium()', { CHROMIUM: join(root, 'nowhere') })).toBe(null);
});

it('the software driver is used unless the environment names a driver', () => {
  expect(asked('devices.vulkan()', { VK_DRIVER_FILES: '/etc/vulkan/icd.d/nvidia_icd.json' })).toEqual({});
  const found = asked('devices.vulkan()', {}) as Readonly<Record<string, string>>;
  if (process.platform === 'linux' && chromium()) expect(existsSync(found['VK_ICD_FILENAMES']!)).toBe(true);
  expect(vulkan()).toEqual({}); // run.mjs or vitest.config.ts set it for this very process
});
