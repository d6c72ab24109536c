#!/usr/bin/env node
// @ts-check
// npx @unnoise/nx scheduler <name>: a scheduler package of your own, without nx and outside the unnoise repository.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { standaloneScheduler } from './scaffold.js';

const USAGE = 'npx @unnoise/nx scheduler <name> [--scope @me] [--class-name MyScheduler] [--description text]';

const string = /** @type {const} */ ({ type: 'string' });

function main() {
  const options = { scope: string, 'class-name': string, description: string };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [kind, name, ...rest] = positionals;
  if (kind !== 'scheduler' || name === undefined || rest.length > 0) throw new Error(`Usage: ${USAGE}`);
  if (existsSync(name)) throw new Error(`${resolve(name)} is already there. Choose another name or folder.`);
  const { scope, description, 'class-name': className } = values;
  for (const [path, text] of Object.entries(standaloneScheduler({ name, scope, className, description }))) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(path);
  }
  console.log(`Now: cd ${name}; npm install; write src/index.ts; npm test.`);
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
