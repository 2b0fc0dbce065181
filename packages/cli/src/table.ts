/** A cell: numbers are told to the right. */
export type Cell = string | { readonly right: string };

export function right(text: string): Cell {
  return { right: text };
}

/** Rows as aligned columns, two blanks apart, each line ended. The last column is not padded. */
export function formatTable(rows: readonly (readonly Cell[])[], indent = ""): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, textOf(cell).length);
    });
  }
  const format = (row: readonly Cell[]) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      if (typeof cell !== "string") return cell.right.padStart(width);
      return column === row.length - 1 ? cell : cell.padEnd(width);
    });
  return rows.map((row) => `${indent}${format(row).join("  ").trimEnd()}\n`).join("");
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.right;
}
