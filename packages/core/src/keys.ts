/** An object's path in its source: `/`-separated, no leading slash, as the listing spells it. */
export type ObjectKey = string;

/** Characters of a name: no path of a file may have more bytes. */
const longestName = 4_096;

/**
 * Why a name from a listing cannot be requested nor stored, or nothing when it can.
 * HTTP clients and disks fold `.` and `..`; a slash or an empty name would be another key.
 */
export function refusal(name: string): string | undefined {
  if (name === "") return "the name is empty";
  if (name.length > longestName) return `the name has more than ${longestName} characters`;
  if (name === "." || name === "..") return `the name is "${name}"`;
  if (name.includes("/")) return "the name holds a slash";
  if (name.includes("\0")) return "the name holds a NUL";
  if (!name.isWellFormed()) return "the name is not UTF-8";
  return undefined;
}

/** The key of `name` in `directory` (`""` is the root). */
export function join(directory: string, name: string): ObjectKey {
  return directory === "" ? name : `${directory}/${name}`;
}
