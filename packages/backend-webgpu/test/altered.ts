// WebGPU objects of which some members are others: for faults and failures that no real device shows when asked.

/** `real` with other members; whatever is not replaced works as before. */
export function altered<T extends object>(real: T, members: Readonly<Record<string, unknown>>): T {
  return new Proxy(real, {
    get(target, key) {
      if (key in members) return members[key as string];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
