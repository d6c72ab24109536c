// What the pictures of `unnoise generate` show: classes, or prompts in styles, or nothing in particular.

import { ClassConditionalImagePipeline } from '../pipeline/class-conditional.ts';
import type { ImagePipeline } from '../pipeline/load.ts';
import { StableDiffusionPipeline } from '../pipeline/stable-diffusion.ts';
import { UsageError } from './errors.ts';
import type { GenerateArguments } from './generate-options.ts';

export interface Subject {
  /** Undefined for models without classes. */
  readonly label?: number;
  /** Undefined for models without prompts. */
  readonly prompt?: string;
  readonly style?: string | undefined;
  /** In words, where there are any. */
  readonly title: string | undefined;
}

/** Subjects as rows of the grid. */
export interface SubjectRow {
  readonly title: string | undefined;
  readonly subjects: readonly Subject[];
}

type Wanted = Pick<GenerateArguments, 'classes' | 'prompts' | 'styles' | 'image'>;

export function subjectRows(pipeline: ImagePipeline, wanted: Wanted): readonly SubjectRow[] {
  if (pipeline instanceof StableDiffusionPipeline) return ofPrompts(wanted);
  refusePrompts(wanted);
  const subjects = pipeline instanceof ClassConditionalImagePipeline ? ofClasses(pipeline, wanted) : ofNothing(wanted);
  return subjects.map((subject) => ({ title: subject.title, subjects: [subject] }));
}

/** A row for each style. */
function ofPrompts({ classes, prompts, styles }: Wanted): readonly SubjectRow[] {
  if (classes) throw new UsageError('--class is for models that draw by class; this one draws from a prompt.');
  if (prompts.length === 0) throw new UsageError('this model draws from a prompt: unnoise generate "red apple".');
  return (styles.length > 0 ? styles : [undefined]).map((style) => ({
    title: style,
    subjects: prompts.map((prompt) => ({ prompt, style, title: style === undefined ? prompt : `${prompt}, ${style}` })),
  }));
}

const MANY = 20;

function ofClasses({ labels }: ClassConditionalImagePipeline, { classes }: Wanted): readonly Subject[] {
  const ids = classes ? classes.map((name) => labels.idOf(name)) : labels.all.slice(0, MANY);
  if (ids.length > 0) return ids.map((label) => ({ label, title: labels.names.get(label) ?? String(label) }));
  throw new UsageError('this model draws by class and does not list its classes. Pass --class with numbers.');
}

function ofNothing({ classes }: Wanted): readonly Subject[] {
  if (!classes) return [{ title: undefined }];
  throw new UsageError(`--class is "${classes.join(',')}", and this model has no classes. Leave it out.`);
}

function refusePrompts({ prompts, styles, image }: Wanted): void {
  const [given] = [...prompts, ...styles];
  if (given !== undefined)
    throw new UsageError(`generate takes no "${given}" with this model, which knows no prompts.`);
  if (image !== undefined)
    throw new UsageError('--image is for models that draw from a prompt, which this one does not.');
}
