// Where warnings go. Upstream logs or raises FutureWarning in the same places.

type Handler = (message: string) => void;

const toConsole: Handler = (message) =>
  (globalThis as { console?: { warn(text: string): void } }).console?.warn(`unnoise: ${message}`);

let handler: Handler = toConsole;

/** Tells the user something that is not an error: a config key nobody reads, a deprecated option. */
export function warn(message: string): void {
  handler(message);
}

/** Sends warnings elsewhere (a log, a test); without an argument, back to the console. Returns the handler that was set before. */
export function setWarningHandler(next: (message: string) => void = toConsole): (message: string) => void {
  const before = handler;
  handler = next;
  return before;
}
