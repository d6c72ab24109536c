// @ts-check
// The text of a new scheduler package. Everything is there but the rule and its goldens: the first test fails and says so.

/** @param {string} className */
const stem = (className) => className.replace(/Scheduler$/, '');

/** What most schedulers need of core. */
const IMPORTS = `\
import type {
  BetaConfig,
  ConfigSchema,
  Plan,
  PlanRequest,
  PredictionType,
  SpacingConfig,
  StepContext,
  StepResult,
  TrainingTables,
} from '@unnoise/core';
import {
  DiffusionError,
  KARRAS_COMPATIBLES,
  SchedulerMixin,
  betaFields,
  integerTimesteps,
  predictionTypeField,
  requireSteps,
  spacingFields,
  trainedLevel,
  trainingTables,
} from '@unnoise/core';
`;

/** @param {string} className */
export const source = (className) => `\
// ${className}: say in one sentence what it does.

${IMPORTS}
export interface ${stem(className)}Config extends BetaConfig, SpacingConfig {
  /** What the model predicts: the noise, the original sample, or the velocity. */
  readonly prediction_type: PredictionType;
}

/** The numbers of one step: x = alpha x0 + sigma eps. */
export interface ${stem(className)}Row {
  readonly alpha: number;
  readonly sigma: number;
}

/**
 * Say in one sentence what a step is.
 *
 *     x0   = (x - sigma eps) / alpha
 *     prev = the update, as the paper writes it
 *
 * Say what it equals in a limit, and cite the paper.
 */
export class ${className} extends SchedulerMixin<${stem(className)}Config, ${stem(className)}Row> {
  static override readonly className = '${className}';
  static override readonly compatibles: readonly string[] = KARRAS_COMPATIBLES;
  static override readonly schema: ConfigSchema<${stem(className)}Config> = {
    ...betaFields,
    ...spacingFields('leading'),
    prediction_type: predictionTypeField,
  };

  readonly #tables: TrainingTables = trainingTables(this.config, this.precision);

  /** Numbers only: which timesteps, and the coefficients of each step. */
  protected override plan(request?: PlanRequest): Plan<${stem(className)}Row> {
    const { num_train_timesteps: trainSteps, timestep_spacing: spacing, steps_offset: offset } = this.config;
    const steps = request?.numInferenceSteps ?? trainSteps;
    requireSteps(steps, trainSteps);
    return {
      timesteps: Array.from(integerTimesteps({ spacing, steps, trainSteps, offset })),
      initNoiseSigma: 1,
      numInferenceSteps: steps,
      row: (_, timestep) => trainedLevel(this.#tables.alphasCumprod, timestep),
    };
  }

  /** Expressions only. predict() from core gives x0 and eps from the model's output; return { prev, x0 }. */
  protected override rule(_context: StepContext<${stem(className)}Row>): StepResult {
    throw new DiffusionError('OP_UNSUPPORTED', '${className}: the rule is not written. Write it in src/index.ts.');
  }
}
`;

/** @param {string} className */
export const register = (className) => `\
import { registry } from '@unnoise/core';
import { ${className} } from './index.ts';

registry.add(${className});
`;

/** @param {string} className */
export const conformanceTest = (className) => `\
import { testScheduler } from '@unnoise/conformance';
import { ${className} } from '../src/index.ts';

testScheduler(${className});
`;

/** @param {{ name: string, className: string, description: string }} options `name` is the package's */
export const readme = ({ name, className, description }) => `\
# ${name}

${description}

## Install

\`\`\`sh
npm install @unnoise/core ${name}
\`\`\`

## Use

\`\`\`ts
import { tensor, torchGenerator } from '@unnoise/core';
import { ${className} } from '${name}';

const scheduler = new ${className}();
scheduler.setTimesteps(20);
let x = tensor(torchGenerator(0).normal([1, 4, 8, 8]), [1, 4, 8, 8]).mul(scheduler.initNoiseSigma);
for (const t of scheduler.timesteps) {
  const out = await scheduler.scaleModelInput(x, t); // your model goes here
  ({ prevSample: x } = await scheduler.step(out, t, x));
}
\`\`\`

## The update

$$
x_{t-1} = \\ldots
$$

## Config

## Compatible with

## Identities

## Differences from diffusers

## References
`;

/** For a package of its own: one project to check everything, one to build. */
export const tsconfig = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    types: [],
    module: 'nodenext',
    strict: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['src', 'test'],
};

export const buildTsconfig = {
  extends: './tsconfig.json',
  compilerOptions: { noEmit: false, declaration: true, rootDir: 'src', outDir: 'dist' },
  include: ['src'],
};
