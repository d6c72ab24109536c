// How far the work is, on stderr: a bar on a terminal, a line now and then elsewhere.

import cliProgress from 'cli-progress';

export interface Progress {
  /** `done` of `total` model calls. */
  update(done: number): void;
  stop(): void;
}

export function progress(total: number): Progress {
  return process.stderr.isTTY ? bar(total) : lines(total);
}

function bar(total: number): Progress {
  const format = '{bar} {value}/{total} steps, {eta_formatted} left';
  const { shades_classic } = cliProgress.Presets;
  const drawn = new cliProgress.SingleBar(
    { format, hideCursor: true, clearOnComplete: true, gracefulExit: false },
    shades_classic,
  );
  drawn.start(total, 0);
  return { update: (done) => drawn.update(done), stop: () => drawn.stop() };
}

/** The first step, then every tenth of the work. */
function lines(total: number): Progress {
  let tenths = -1;
  const update = (done: number): void => {
    const reached = Math.floor((10 * done) / total);
    if (reached === tenths) return;
    tenths = reached;
    console.error(`${done}/${total} steps`);
  };
  return { update, stop: () => {} };
}
