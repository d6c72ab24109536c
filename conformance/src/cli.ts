#!/usr/bin/env node
// The command unnoise-conformance; what it does is in cli/main.ts.
import { main } from './cli/main.ts';

process.exitCode = await main(process.argv.slice(2));
