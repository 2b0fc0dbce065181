import type { ObjectKey } from "./source.ts";

/**
 * Why a name from a listing cannot be requested nor stored, or nothing when it can.
 * HTTP clients and disks fold `.` and `..`; a slash or an empty name would be another key.
 */
export function refusal(name: string): string | undefined {
  if (name === "") return "the name is empty";
  if (name === "." || name === "..") return `the name is "${name}"`;
  if (name.includes("/")) return "the name holds a slash";
  if (name.includes("\0")) return "the name holds a NUL";
  if (name.includes("\ufffd")) return "the name is not UTF-8";
  return undefined;
}

/** The key of `name` in `directory` (`""` is the root). */
export function join(directory: string, name: string): ObjectKey {
  return directory === "" ? name : `${directory}/${name}`;
}
