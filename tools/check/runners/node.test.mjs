import { describe, it } from 'node:test';
import { register } from './subjects.mjs';

register({ describe, it });
