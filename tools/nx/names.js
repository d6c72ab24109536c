// @ts-check
// What a new scheduler is called: its package, its folder and its class, from the one name that is asked for.

/** Words that upstream's class names write in capitals. */
const ACRONYMS = new Set('cm ddim ddpm deis dmd dpm edm ipndm lcm lms ltx pndm rf sa sde tcd ve vp vq'.split(' '));

/** @param {string} word */
const capitalized = (word) => (ACRONYMS.has(word) ? word.toUpperCase() : `${word[0]?.toUpperCase()}${word.slice(1)}`);

/**
 * 'flow-match-lcm' is FlowMatchLCMScheduler. Upstream's few irregular names must be given.
 * @param {string} name
 */
export const classNameOf = (name) => {
  const words = name.split('-').filter((word) => word !== 'scheduler');
  return `${words.map(capitalized).join('')}Scheduler`;
};

/**
 * Throws for a name that cannot be a package's.
 * @param {string | undefined} name
 */
export const checkedName = (name) => {
  if (name !== undefined && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) return name;
  throw new Error(`"${name ?? ''}" is not a name for a scheduler. Use lower case and dashes: flow-match-lcm.`);
};
