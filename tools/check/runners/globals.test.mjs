// mocha and jest: describe and it are global.
import { register } from './subjects.mjs';

register();
