// Says without Python whether golden data and recipes are of one piece: every file noted in a recipe.json still has that hash,
// every case of the index is there with the tensors it was written with, and nothing else lies beside them.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const recipes = join(root, 'tools/golden');
const golden = join(root, 'conformance/golden');
const problems = [];

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
const shown = (path) => relative(root, path);

/** The files below a folder whose name ends so. */
function filesBelow(folder, ending) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** [path, hash] of every file that a recipe.json notes: by path, by name beside the recipes, or as its one `recipe`. */
function noted(recipe) {
  const isHash = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
  const pairs = Object.entries(recipe).flatMap(([key, value]) => {
    if (isHash(value)) return [[key === 'sha256' ? recipe.recipe : key, value]];
    return typeof value === 'object' && value !== null ? noted(value) : [];
  });
  return pairs.map(([path, hash]) => [path.includes('/') ? path : `tools/golden/${path}`, hash]);
}

function checkRecipe(path) {
  const pairs = noted(readJson(path));
  for (const [file, hash] of pairs) {
    const here = join(root, file);
    if (!existsSync(here)) problems.push(`${shown(path)} was made by ${file}, which is gone`);
    else if (sha256(here) !== hash) problems.push(`${file} has changed since it made ${shown(path)}: run it again`);
  }
  return pairs.map(([file]) => file);
}

/** Checks one case of the index; returns the files it consists of. */
function checkCase(id) {
  const json = join(golden, `${id}.json`);
  const tensors = join(golden, `${id}.safetensors`);
  if (!existsSync(json)) {
    problems.push(`${shown(json)} is in the index but not there`);
    return [];
  }
  const found = readJson(json);
  if (found.id !== id) problems.push(`${shown(json)} calls itself ${found.id}`);
  if (found.sha256 === undefined) return [json];
  if (!existsSync(tensors)) problems.push(`${shown(tensors)} is missing`);
  else if (sha256(tensors) !== found.sha256)
    problems.push(`${shown(tensors)} is not the file that its case was written with`);
  return [json, tensors];
}

const fixtures = ['pipelines/test/fixtures', 'pipelines/test/models', 'core/test/scheduler'].map((path) =>
  join(root, 'packages', path),
);
const recipeFiles = [golden, ...fixtures].flatMap((folder) => filesBelow(folder, 'recipe.json'));
const made = new Set(recipeFiles.flatMap(checkRecipe));
const scripts = readdirSync(recipes).filter((name) => name.endsWith('.py') && name !== 'make.py');
for (const name of scripts) {
  if (!made.has(`tools/golden/${name}`)) problems.push(`tools/golden/${name} is noted in no recipe.json: run it`);
}

const ids = readJson(join(golden, 'index.json'));
const known = new Set(ids.flatMap(checkCase));
const folders = [...new Set(ids.map((id) => join(golden, dirname(id))))];
for (const path of folders.flatMap((folder) => filesBelow(folder, ''))) {
  if (!known.has(path)) problems.push(`${shown(path)} belongs to no case of the index`);
}

const tensorFiles = [...known].filter((path) => path.endsWith('.safetensors')).length;
for (const problem of problems) console.error(problem);
console.log(
  `golden: ${made.size} recipe files in ${recipeFiles.length} lists, ${ids.length} cases in ${folders.length} folders,` +
    ` ${tensorFiles} tensor files: ${problems.length === 0 ? 'of one piece' : `${problems.length} problems`}`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
