import { printable } from "./printable.ts";

/** A cell of a table. Numbers are aligned to the right. */
export type Cell = string | { readonly right: string };

export function right(text: string): Cell {
  return { right: text };
}

/**
 * Returns a line per row: aligned columns, two blanks apart, control characters made visible. The
 * last column is not padded.
 */
export function formatTable(rows: readonly (readonly Cell[])[], indent = ""): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, textOf(cell).length);
    });
  }
  const format = (row: readonly Cell[]) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      const text = textOf(cell);
      if (typeof cell !== "string") return text.padStart(width);
      return column === row.length - 1 ? text : text.padEnd(width);
    });
  return rows.map((row) => `${indent}${format(row).join("  ").trimEnd()}`);
}

function textOf(cell: Cell): string {
  return printable(typeof cell === "string" ? cell : cell.right);
}
