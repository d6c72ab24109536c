// A column in a process of its own: runtimes keep global state, and one that ends its process takes no other column along.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { vulkan } from '../../../tools/devices.mjs';
import { type Column, NotHere, type Running } from './columns.ts';
import type { Answer, Asked } from './node-child.ts';

const CHILD = fileURLToPath(new URL('./node-child.ts', import.meta.url));

/** The column in a new process. */
export async function openInNode({ name }: Column): Promise<Running> {
  const child = fork(CHILD, [name], {
    execArgv: ['--conditions=@unnoise/source', '--import', 'tsx'],
    env: { ...process.env, ...vulkan() },
  });
  const opened = await answer(child);
  if (opened.kind === 'not here') throw new NotHere(opened.reason);
  return {
    place: `Node ${process.versions.node}`,
    device: opened.kind === 'open' ? opened.device : '',
    async run(suite, extent) {
      const asked: Asked = { suite, extent };
      child.send(asked);
      return ((await answer(child)) as Extract<Answer, { kind: 'ran' }>).result;
    },
    async close() {
      child.kill();
    },
  };
}

/** The next thing that the process says; an error when it ends instead. */
function answer(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null): void =>
      reject(new Error(`Its process ended with ${signal ?? `exit code ${code}`}.`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as Answer);
    });
  });
}
