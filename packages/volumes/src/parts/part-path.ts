import { createHash } from "node:crypto";
import { characterStart } from "../names/long-names.ts";

/** Bytes of a name that disks take. */
const longest = 255;
/** The longest that is put behind `<name>.part`: SQLite looks for a journal beside the lock. */
const room = Buffer.byteLength(".part.lock-journal");

/**
 * `<name>.part`; a name that leaves no room for that is cut, and a hash of the whole is put in the
 * place of its end.
 */
export function partName(name: string): string {
  const bytes = Buffer.from(name);
  if (bytes.length + room <= longest) return `${name}.part`;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 16);
  const most = longest - room - hash.length - 1;
  const beginning = bytes.toString("utf8", 0, characterStart(bytes, most));
  return `${beginning}~${hash}.part`;
}

const ending = /\.part(\.json(\.new)?|\.lock(-wal|-shm|-journal)?)?$/i;

/**
 * Whether this is what we call the part of a file, or something beside it. (Some disks do not distinguish
 * cases apart.)
 */
export function isPartName(name: string): boolean {
  return ending.test(name);
}
