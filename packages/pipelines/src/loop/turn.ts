// A turn of the event loop between steps, so that timers, key presses and abort signals get through even where the model and the
// backend never really wait.

interface Platform {
  readonly setImmediate?: (callback: () => void) => unknown;
}

/** Resolves as a macrotask, at once: setTimeout would add up to 4 ms a step in browsers. */
export function turn(): Promise<void> {
  const { setImmediate } = globalThis as Platform;
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else postToSelf(resolve);
  });
}

function postToSelf(callback: () => void): void {
  const { port1, port2 } = new MessageChannel();
  const received = (): void => {
    port1.close();
    callback();
  };
  port1.addEventListener('message', received, { once: true });
  port1.start();
  port2.postMessage(undefined);
}
