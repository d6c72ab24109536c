// DPM-Solver inversion: the same with a solver of second order, in half the steps.
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { DPMSolverMultistepInverseScheduler } from '@unnoise/scheduler-dpmsolver-multistep-inverse';
import { roundTrip } from './shared/round-trip.ts';
import { trained } from './shared/fashion.ts';

const { clip_sample: _, ...config } = { ...trained, use_karras_sigmas: true, lower_order_final: false };
const there = new DPMSolverMultistepInverseScheduler(config).start(25);
const back = new DPMSolverMultistepScheduler({ ...config, final_sigmas_type: 'sigma_min' }).start(25);
export const { error, mean, deviation } = await roundTrip('dpmsolver-inverse', there, back);
