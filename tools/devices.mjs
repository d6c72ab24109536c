// Finds what GPU and browser tests run on: a Chromium, and its software Vulkan driver for WebGPU in Node. Says how to get what is
// missing. Plain JavaScript without dependencies, because tools/run.mjs needs it before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Commands on the search path, and where applications lie that put none there. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome'];
const APPLICATIONS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

export const COMMAND = 'apt-get install -y --no-install-recommends chromium';

/**
 * The browser of the browser tests: the one that CHROMIUM names, else one in a usual place.
 * @returns {string | undefined}
 */
export function chromium() {
  const named = process.env.CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const usual = [...COMMANDS.flatMap((name) => folders.map((folder) => join(folder, name))), ...APPLICATIONS];
  return (named ? [named] : usual).find((path) => existsSync(path));
}

/** Where a browser's libraries lie: beside its program, or, where the command is a script, in the lib folder beside its bin folder. */
const libraries = (browser) => [dirname(realpathSync(browser)), join(dirname(browser), '../lib', basename(browser))];

/** What WebGPU needs; the others keep the browser from doing things of its own. */
export const CHROMIUM_FLAGS = [
  '--enable-unsafe-webgpu',
  '--no-sandbox',
  '--no-first-run',
  '--disable-quic',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
];

/**
 * Environment variables with which a new process finds Chromium's Vulkan loader and software driver. Empty where there is none, and
 * where the environment already names a driver: on a machine with a GPU, VK_DRIVER_FILES says which one to test.
 * @returns {Record<string, string>}
 */
export function vulkan() {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES, LD_LIBRARY_PATH, XDG_RUNTIME_DIR = tmpdir() } = process.env;
  const browser = chromium();
  const folder = browser && libraries(browser).find((path) => existsSync(join(path, 'vk_swiftshader_icd.json')));
  if (!folder || VK_ICD_FILENAMES !== undefined || VK_DRIVER_FILES !== undefined) return {};
  return {
    LD_LIBRARY_PATH: LD_LIBRARY_PATH ? LD_LIBRARY_PATH + delimiter + folder : folder,
    VK_ICD_FILENAMES: join(folder, 'vk_swiftshader_icd.json'),
    XDG_RUNTIME_DIR,
  };
}

const PROBE = `const { create } = await import('webgpu');
const gpu = create([]);
process.exit((await gpu.requestAdapter()) ? 0 : 1);`;

/** What is said where there is none. */
export const NO_CHROMIUM = `No Chromium: what runs in a browser was NOT run. To have one: ${COMMAND} (or set CHROMIUM).`;
export const NO_ADAPTER = `No WebGPU adapter: what runs on a GPU in Node was NOT run. To have one: ${COMMAND}`;

/** Whether WebGPU in Node has an adapter; asked in a process of its own, since the driver is found when a process starts. */
export function hasAdapter() {
  const env = { ...process.env, ...vulkan() };
  return spawnSync(process.execPath, ['--input-type=module', '-e', PROBE], { cwd: root, env }).status === 0;
}

/**
 * What cannot be tested here, each with the command that would change that.
 * @returns {string[]}
 */
export function missingDevices() {
  const missing = [];
  if (!chromium()) missing.push(NO_CHROMIUM);
  if (!hasAdapter()) missing.push(NO_ADAPTER);
  return missing;
}
