// Draws away from the page's thread, which stays free: requests come in, steps and pictures go out.

import { openPainter } from './painter.ts';

export interface DrawRequest {
  readonly model: string;
  readonly prompt: string;
  readonly style: string;
  readonly steps: number;
  readonly seed: number;
}

export type DrawMessage =
  | { readonly progress: number }
  | { readonly picture: Uint8ClampedArray<ArrayBuffer>; readonly width: number; readonly height: number }
  | { readonly failure: string };

const say = (message: DrawMessage, give: Transferable[] = []): void => self.postMessage(message, { transfer: give });
let painter: ReturnType<typeof openPainter> | undefined;

async function answer({ model, ...request }: DrawRequest): Promise<void> {
  try {
    const { pipeline } = await (painter ??= openPainter(model));
    const { images } = await pipeline.generate({ ...request, onStep: ({ progress }) => say({ progress }) });
    const { data, width, height } = images[0]!;
    say({ picture: data, width, height }, [data.buffer]);
  } catch (error) {
    say({ failure: (error as Error).message });
  }
}

self.addEventListener('message', ({ data }: MessageEvent<DrawRequest>) => void answer(data));
