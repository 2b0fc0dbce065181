import { pageOf } from "./explicit.ts";
import { comparePositions, type ObjectSet, type Row, type RowKind } from "./object-set.ts";

/** A row that no honest bucket lists: there is nothing behind it. */
export interface HostileRow {
  /** Directory whose listing shows it. */
  readonly directory: string;
  /** A text, or the very bytes of the name. */
  readonly name: string | Uint8Array;
  readonly kind: RowKind;
  readonly size?: number;
}

/** Names that must never be requested and never become a path. */
export const hostileNames: readonly (string | Uint8Array)[] = [
  "",
  ".",
  "..",
  "../escaped.jpg",
  "../../etc/passwd",
  "/etc/passwd",
  "slash/inside.jpg",
  "nul\0inside.jpg",
  Buffer.from([0x62, 0x61, 0x64, 0xff, 0xfe, 0x2e, 0x6a, 0x70, 0x67]),
];

/** Every hostile name as a file and as a directory of `directory`. */
export function hostileRows(directory = "", names = hostileNames): HostileRow[] {
  const kinds = ["file", "directory"] as const;
  return names.flatMap((name) => kinds.map((kind) => ({ directory, name, kind, size: 100 })));
}

/** A set whose listings also show the given rows. */
export function withHostileRows(set: ObjectSet, injected: readonly HostileRow[]): ObjectSet {
  const byDirectory = new Map<string, Row[]>();
  for (const hostile of injected) {
    const rows = byDirectory.get(hostile.directory) ?? [];
    rows.push(toRow(hostile));
    byDirectory.set(hostile.directory, rows.sort(comparePositions));
  }
  return {
    object: (key) => set.object(key),
    isDirectory: (key) => set.isDirectory(key),
    list(directory, after, limit, order) {
      const honest = set.list(directory, after, limit, order);
      const hostile = byDirectory.get(directory);
      if (!honest || !hostile) return honest;
      const direction = order === "asc" ? 1 : -1;
      return [...honest, ...pageOf(hostile, after, limit, order)]
        .sort((a, b) => direction * comparePositions(a, b))
        .slice(0, limit);
    },
  };
}

function toRow({ name, kind, size = 100 }: HostileRow): Row {
  const rest = { kind, size, modified: 1_478_701_618, type: kind === "file" ? "image/jpeg" : "folder" };
  if (typeof name === "string") return { name, ...rest };
  return { name: Buffer.from(name).toString("latin1"), raw: name, ...rest };
}
