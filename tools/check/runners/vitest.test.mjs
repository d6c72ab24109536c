import { describe, it } from 'vitest';
import { register } from './subjects.mjs';

register({ describe, it });
