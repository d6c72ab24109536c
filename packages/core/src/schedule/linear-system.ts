// Systems of a few linear equations, as multistep solvers have them for their weights.

/** x with A x = b, A by rows, by elimination with row pivoting. A singular A gives entries that are not finite. */
export function solveLinear(rows: readonly (readonly number[])[], right: readonly number[]): readonly number[] {
  const size = right.length;
  const system = rows.map((row, i) => [...row, right[i]!]);
  for (let column = 0; column < size; column++) eliminate(system, column);
  return system.map((row, i) => row[size]! / row[i]!);
}

/** Brings the largest entry of the column onto the diagonal and clears the column everywhere else. */
function eliminate(system: number[][], column: number): void {
  let best = column;
  for (let i = column; i < system.length; i++) {
    if (Math.abs(system[i]![column]!) > Math.abs(system[best]![column]!)) best = i;
  }
  [system[column], system[best]] = [system[best]!, system[column]!];
  const pivot = system[column];
  for (const row of system) {
    if (row === pivot) continue;
    const factor = row[column]! / pivot[column]!;
    for (let j = column; j < row.length; j++) row[j]! -= factor * pivot[j]!;
  }
}
