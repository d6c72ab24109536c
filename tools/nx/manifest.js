// @ts-check
// The manifest of a package, generated so that thirty of them cannot drift apart. Description and version are the package's own.

const HOST = 'https://github.com/unnoise/unnoise';
const KEYWORDS = ['diffusion', 'scheduler', 'sampler', 'unnoise'];

/** @param {string} file source file without its ending */
const entry = (file) => ({
  '@unnoise/source': `./src/${file}.ts`,
  types: `./dist/${file}.d.ts`,
  default: `./dist/${file}.js`,
});

/**
 * What every package of the unnoise repository says about itself.
 * @param {string} dir folder relative to the root
 */
export const commonManifest = (dir) => ({
  license: 'Apache-2.0',
  homepage: `${HOST}/tree/main/${dir}#readme`,
  bugs: `${HOST}/issues`,
  repository: { type: 'git', url: `git+${HOST}.git`, directory: dir },
  type: 'module',
  engines: { node: '>=20.19' },
  publishConfig: { access: 'public' },
});

/**
 * A scheduler package of the unnoise repository.
 * @param {{ name: string, version: string, description: string }} options `name` is the folder's: scheduler-ddim
 */
export const schedulerManifest = ({ name, version, description }) => {
  const { license, homepage, bugs, repository, type, engines, publishConfig } = commonManifest(`packages/${name}`);
  return {
    name: `@unnoise/${name}`,
    version,
    description,
    keywords: [...KEYWORDS, name.replace('scheduler-', '')],
    license,
    homepage,
    bugs,
    repository,
    type,
    sideEffects: ['./dist/register.js', './src/register.ts'],
    files: ['dist', '!dist/.tsbuildinfo', 'src'],
    exports: { '.': entry('index'), './register': entry('register'), './package.json': './package.json' },
    engines,
    publishConfig,
    peerDependencies: { '@unnoise/core': 'workspace:^' },
    devDependencies: { '@unnoise/conformance': 'workspace:^' },
  };
};

/**
 * A scheduler package of its own, outside the repository: it builds and tests itself.
 * @param {{ name: string, description: string, range: string }} options `name` is whole: @me/scheduler-mine;
 *   `range` is the range of core and conformance
 */
export const standaloneManifest = ({ name, description, range }) => {
  const { '@unnoise/source': _, ...built } = entry('index');
  const { '@unnoise/source': __, ...register } = entry('register');
  return {
    name,
    version: '0.1.0',
    description,
    keywords: KEYWORDS,
    type: 'module',
    sideEffects: ['./dist/register.js', './src/register.ts'],
    files: ['dist', 'src'],
    exports: { '.': built, './register': register, './package.json': './package.json' },
    engines: { node: '>=20.19' },
    scripts: {
      build: 'tsc -p tsconfig.build.json',
      test: 'tsc --noEmit && vitest run --globals',
      prepack: 'npm run build',
    },
    peerDependencies: { '@unnoise/core': range },
    devDependencies: {
      '@unnoise/conformance': range,
      '@unnoise/core': range,
      typescript: '^7.0.2',
      vitest: '^4.1.12',
    },
  };
};
