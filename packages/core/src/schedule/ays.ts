// "Align your steps" (arXiv 2404.14507): the ten-step schedules that diffusers ships as constants.

/** Timesteps for schedulers that take custom timesteps; sigmas (with the final 0) for those that take sigmas. */
export const AysSchedules: {
  readonly [Name in
    | 'StableDiffusionTimesteps'
    | 'StableDiffusionSigmas'
    | 'StableDiffusionXLTimesteps'
    | 'StableDiffusionXLSigmas'
    | 'StableDiffusionVideoSigmas']: readonly number[];
} = Object.freeze({
  StableDiffusionTimesteps: [999, 850, 736, 645, 545, 455, 343, 233, 124, 24],
  StableDiffusionSigmas: [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0],
  StableDiffusionXLTimesteps: [999, 845, 730, 587, 443, 310, 193, 116, 53, 13],
  StableDiffusionXLSigmas: [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.38, 0.234, 0.113, 0],
  StableDiffusionVideoSigmas: [700, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0],
});
