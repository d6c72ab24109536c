// How far two arrays are apart.

/** max |a - b| / max |b|; Infinity where lengths differ or something is not finite. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length || b.length === 0) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    const apart = Math.abs(a[i]! - b[i]!);
    if (!Number.isFinite(apart)) return Infinity;
    difference = Math.max(difference, apart);
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return difference / largest;
}
