// Which command, and how it ended. The only place that turns errors into exit codes.

import { readFile } from 'node:fs/promises';
import { exitCodeOf, OK, reportOf, UsageError } from './errors.ts';
import { exportStep } from './export-step.ts';
import { generate } from './generate.ts';
import { HELP } from './help.ts';
import { inspect } from './inspect.ts';
import { schedulers } from './schedulers.ts';

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  generate,
  inspect,
  schedulers,
  'export-step': exportStep,
};

/** Runs the command line and gives the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    await run(args);
    return OK;
  } catch (error) {
    console.error(reportOf(error, args.includes('--debug')));
    return exitCodeOf(error);
  }
}

async function run(args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args.filter((arg) => arg !== '--debug');
  if (name === '--version' || name === '-v') return console.log(await version());
  if (name === '' || name === '--help' || name === '-h' || name === 'help') return console.log(helpOn(rest[0]));
  if (!Object.hasOwn(COMMANDS, name)) throw unknownCommand(name);
  if (rest.includes('--help') || rest.includes('-h')) return console.log(helpOn(name));
  await COMMANDS[name]!(rest);
}

function helpOn(command = ''): string {
  if (Object.hasOwn(HELP, command)) return HELP[command as keyof typeof HELP];
  throw unknownCommand(command);
}

function unknownCommand(name: string): UsageError {
  return new UsageError(
    `there is no command "${name}". The commands are: ${Object.keys(COMMANDS).join(', ')}. See unnoise --help.`,
  );
}

export async function version(): Promise<string> {
  const manifest = new URL('../../package.json', import.meta.url);
  return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version;
}
