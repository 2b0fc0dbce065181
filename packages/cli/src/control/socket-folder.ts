import { lstatSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, type Environment } from "@brigade/core";

const ending = ".sock";
/** Characters of a socket's path that all systems allow. */
const longestPath = 103;

/**
 * Returns the folder in which each running `copy` of this user has a socket: `$XDG_RUNTIME_DIR/brigade`,
 * else one below the system's folder for temporary files. It is made if it is missing. Throws
 * ConfigError if the folder, or what lies in its place, is another user's or open to others.
 */
export function socketFolder({ XDG_RUNTIME_DIR: runtime }: Environment): string {
  const uid = process.getuid?.() ?? -1;
  const isGiven = runtime?.startsWith("/") === true;
  const folder = isGiven ? join(runtime, "brigade") : join(tmpdir(), `brigade-${uid}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST"))
      throw new ConfigError([`${folder}: ${String(error)}`], { cause: error });
  }
  const found = lstatSync(folder);
  if (!found.isDirectory()) throw untrusted(folder, "it is no folder");
  if (uid !== -1 && found.uid !== uid) throw untrusted(folder, "it belongs to another user");
  if (uid !== -1 && (found.mode & 0o077) !== 0) throw untrusted(folder, "others may use it: chmod 700");
  return folder;
}

/** Returns where the `copy` of this process answers. Throws ConfigError if the path is too long. */
export function socketOf(folder: string, source: string): string {
  const path = join(folder, `${source}.${process.pid}${ending}`);
  if (Buffer.byteLength(path) > longestPath)
    throw new ConfigError([`${path}: is longer than the ${longestPath} bytes that a socket's path may have`]);
  return path;
}

/** Returns the sockets there; those of one source, or all. Their processes may be gone. */
export function socketsIn(folder: string, source: string | undefined): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .filter((name) => source === undefined || new RegExp(`^${source}\\.\\d+\\.sock$`).test(name))
    .map((name) => join(folder, name));
}

function untrusted(folder: string, why: string): ConfigError {
  return new ConfigError([`${folder}: ${why}, so it is not used for the sockets of \`copy\``]);
}
