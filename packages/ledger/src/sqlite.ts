import { mostSum } from "@brigade/core/thread";

// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's own modules lacks it
export { backup, DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/**
 * The sum of a column of bytes, as a number that a program can read. SQLite's `sum` fails when it
 * overflows, and Node reads no larger numbers than `mostSum`.
 */
export function sumIn(column: string): string {
  return atMost(`cast(total(${column}) as integer)`);
}

/** A number that a program can read. */
export function atMost(expression: string): string {
  return `max(-${mostSum}, min(${mostSum}, ${expression}))`;
}
