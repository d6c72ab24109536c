export const page = (x: unknown): string => String(x);
