// Schedulers that have no place in `unnoise generate`, which calls a network once a step on the way from noise to a picture: what they
// do instead, and the example that shows them at work.

import { DiffusionError } from '@unnoise/core';

export const ELSEWHERE: Readonly<Record<string, readonly [does: string, example: string]>> = {
  AmusedScheduler: ['unmasks tokens', 'amused'],
  VQDiffusionScheduler: ['unmasks tokens', 'vq-diffusion'],
  ConsistencyDecoderScheduler: ['decodes the latents of another model', 'consistency-decoder'],
  DDIMInverseScheduler: ['goes from a picture to noise', 'ddim-inverse'],
  DPMSolverMultistepInverseScheduler: ['goes from a picture to noise', 'dpmsolver-inverse'],
  RePaintScheduler: ['needs a picture and a mask at every step', 'repaint'],
  KarrasVeScheduler: ['adds noise before a step and corrects it after, each with calls of its own', 'karras-ve'],
  ScoreSdeVeScheduler: ['corrects before every step, and takes the score', 'score-sde-ve'],
  ScoreSdeVpScheduler: ['takes times from 1 to 0, which models of numbered noise levels do not know', 'score-sde-vp'],
};

const EXAMPLES = 'https://github.com/unnoise/unnoise/tree/main/examples';

/** @throws DiffusionError OP_UNSUPPORTED for those above. */
export function refuseElsewhere(className: string): void {
  if (!Object.hasOwn(ELSEWHERE, className)) return;
  const [does, example] = ELSEWHERE[className]!;
  const message = `${className} ${does}, so generate cannot draw with it. ${EXAMPLES}/${example}.ts shows how it is used.`;
  throw new DiffusionError('OP_UNSUPPORTED', message, { className, example });
}
