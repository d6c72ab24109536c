// DDIM inversion: from real pictures to the noise that DDIM makes them from, and back.
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DDIMInverseScheduler } from '@unnoise/scheduler-ddim-inverse';
import { roundTrip } from './shared/round-trip.ts';
import { trained } from './shared/fashion.ts';

const config = { ...trained, timestep_spacing: 'leading', set_alpha_to_one: false } as const;
const there = new DDIMInverseScheduler(config).start(50);
const back = new DDIMScheduler(config).start(50);
export const { error, mean, deviation } = await roundTrip('ddim-inverse', there, back);
