// Where the model lies. A package of data needs no more; what reads it is @unnoise/pipelines, or anything that reads diffusers' folders.

/** The model folder, in diffusers' layout: `model_index.json`, `scheduler/`, `text_encoder/`, `tokenizer/`, `unet/`, `vae_decoder/`, `vae_encoder/`. */
export const folder: URL = new URL('../', import.meta.url);
