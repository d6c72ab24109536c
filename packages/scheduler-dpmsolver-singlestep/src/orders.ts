// Which order each step has: a cycle of k steps makes one step of order k.

/** What the orders depend on. */
export interface OrderRequest {
  readonly steps: number;
  /** solver_order, 1 to 3. */
  readonly order: number;
  /** Whether the rest of a division into whole cycles, and the last cycle, are of lower orders. */
  readonly lower: boolean;
  /** Whether the last sigma is 0, to which only order 1 can go. */
  readonly toZero: boolean;
}

/** The order of every step: 1, 2, ..., k again and again. Without `lower`, `steps` is a multiple of k. */
export function ordersOf({ steps, order, lower, toZero }: OrderRequest): readonly number[] {
  const cycle = [1, 2, 3].slice(0, order);
  const whole = lower ? Math.ceil(steps / order) - 1 : steps / order;
  const orders = Array.from({ length: whole }, () => cycle).flat();
  const all = lower ? [...orders, ...tail(steps - orders.length, order)] : orders;
  return toZero ? [...all.slice(0, -1), 1] : all;
}

/** The last `left` steps, 1 to k of them: 1, or 1 2, or where a cycle is left, that one ended by order 1. */
function tail(left: number, order: number): readonly number[] {
  const rising = [1, 2, 3].slice(0, left);
  return left === order ? [...rising.slice(0, -1), 1] : rising;
}
