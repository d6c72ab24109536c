// @ts-check
// The files of a new scheduler package, as a record from path to text. Who writes them, and where, is the caller's business.
import { readFileSync } from 'node:fs';
import { schedulerManifest, standaloneManifest } from './manifest.js';
import { checkedName, classNameOf } from './names.js';
import { buildTsconfig, conformanceTest, readme, register, source, tsconfig } from './templates.js';

/** @param {unknown} value */
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

/**
 * The files that every scheduler package has.
 * @param {{ name: string, className: string, description: string }} options `name` is the package's
 * @returns {Record<string, string>}
 */
const common = (options) => ({
  'README.md': readme(options),
  'src/index.ts': source(options.className),
  'src/register.ts': register(options.className),
  'test/conformance.test.ts': conformanceTest(options.className),
});

/** @param {string} folder @param {Record<string, string>} files */
const below = (folder, files) =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));

/** @param {string} name */
const firstRelease = (name) => `---\n"@unnoise/${name}": major\n---\n\nFirst release.\n`;

/** @param {string} className */
const described = (className) => `${className} for unnoise`;

/**
 * A scheduler of the unnoise repository, below its root.
 * @param {{ name?: string | undefined, className?: string | undefined, description?: string | undefined }} options
 * @returns {Record<string, string>}
 */
export const workspaceScheduler = (options) => {
  const short = checkedName(options.name).replace(/^scheduler-/, '');
  const className = options.className ?? classNameOf(short);
  const description = options.description ?? described(className);
  const name = `scheduler-${short}`;
  const files = {
    'package.json': json(schedulerManifest({ name, version: '0.0.0', description })),
    ...common({ name: `@unnoise/${name}`, className, description }),
  };
  return { ...below(`packages/${name}`, files), [`.changeset/${name}.md`]: firstRelease(name) };
};

/** The range of core and conformance that this release of the generator was made for. Unpublished, its own version stands in. */
const peerRange = () => {
  const { version, devDependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
  const range = devDependencies['@unnoise/core'];
  return range.startsWith('workspace:') ? `^${version}` : range;
};

/**
 * A scheduler package of your own, below the folder that has its name.
 * @param {{ name?: string | undefined, scope?: string | undefined, className?: string | undefined, description?: string | undefined }} options
 * @returns {Record<string, string>}
 */
export const standaloneScheduler = (options) => {
  const short = checkedName(options.name);
  const className = options.className ?? classNameOf(short);
  const description = options.description ?? described(className);
  const name = options.scope ? `@${options.scope.replace(/^@/, '')}/${short}` : short;
  const files = {
    '.gitignore': 'node_modules\ndist\n',
    'package.json': json(standaloneManifest({ name, description, range: peerRange() })),
    'tsconfig.json': json(tsconfig),
    'tsconfig.build.json': json(buildTsconfig),
    ...common({ name, className, description }),
  };
  return below(short, files);
};
