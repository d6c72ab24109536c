// Inversion and regeneration of real pictures: what the two inverse schedulers are for.
import type { Run, Tensor } from '@unnoise/core';
import { KINDS, openFashion } from './fashion.ts';
import { batchOf, distance, joined, picturesOf, readSheet, show } from './pictures.ts';

export interface RoundTrip {
  /** How far the regenerated pictures are from the real ones, root mean square; black and white are 2 apart. */
  readonly error: number;
  /** Of the noise in between, which should be that of a standard normal. */
  readonly mean: number;
  readonly deviation: number;
}

/** Runs one picture of each kind up to noise and down again, and shows all three. */
export async function roundTrip(name: string, there: Run, back: Run): Promise<RoundTrip> {
  const originals = await readSheet('fashion');
  const model = await openFashion(originals.map((_, label) => label));
  const through = async (run: Run, start: Tensor): Promise<Tensor> => {
    let x = await start.realize();
    while (!run.done) x = (await run.step(await model.velocity(x, run.timestep!), x)).prevSample;
    return x;
  };
  const noise = await through(there, batchOf(originals));
  const latents = await picturesOf(noise, 28);
  const pictures = await picturesOf(await through(back, noise), 28);
  const values = joined(latents);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = distance(
    values,
    values.map(() => mean),
  );
  const error = distance(joined(pictures), joined(originals));
  console.log(
    `${name}: ${KINDS.length} pictures to noise of mean ${mean.toFixed(2)}, deviation ${deviation.toFixed(2)},`,
  );
  console.log(`and back in ${back.timesteps.length} steps each way: they differ by ${error.toFixed(3)}.`);
  await show(name, [originals, latents, pictures]);
  return { error, mean, deviation };
}
