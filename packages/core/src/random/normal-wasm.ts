// Torch's normals by WebAssembly: the same bits as ./box-muller.ts and ./mt19937.ts, several times faster. Loaded on demand by ./accelerated.ts.

import { encodeModule } from '../wasm/encoder.ts';
import type { Accelerated } from './accelerated.ts';
import { BLOCK } from './box-muller.ts';
import { boxMullerCode, STATE_BYTES, STATE_WORDS, twistCode } from './normal-code.ts';

/** Where words become normals: behind two states and the words of one. */
const WORDS = 8192;
/** Words at a time: what a first-level cache holds half of. */
const MOST = 4096;

type Run = (...args: number[]) => void;

/** Undefined where the platform does not compile it: without SIMD, or by a content security policy. */
export function accelerate(): Accelerated | undefined {
  try {
    return compiled();
  } catch {
    return undefined;
  }
}

function compiled(): Accelerated {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const load = (parameters: number, code: Parameters<typeof encodeModule>[1]): Run => {
    const module = new WebAssembly.Module(encodeModule(parameters, code, [], false));
    return new WebAssembly.Instance(module, { env: { memory } }).exports['run'] as Run;
  };
  const [twist, boxMuller] = [load(0, twistCode()), load(2, boxMullerCode())];
  const { buffer } = memory;
  const [state, next] = [0, STATE_BYTES].map((start) => new Int32Array(buffer, start, STATE_WORDS)) as [
    Int32Array,
    Int32Array,
  ];
  const words = new Uint32Array(buffer, 2 * STATE_BYTES, STATE_WORDS);
  return {
    twist(engine, output) {
      state.set(engine);
      twist();
      engine.set(next);
      output.set(words);
    },
    normals(out, fill) {
      for (let done = 0; done < out.length; done += MOST) {
        const count = Math.min(MOST, out.length - done);
        fill(new Uint32Array(buffer, WORDS, count));
        boxMuller(WORDS, count / BLOCK);
        out.set(new Float32Array(buffer, WORDS, count), done);
      }
    },
  };
}
