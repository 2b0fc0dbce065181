import { readFileSync, type Stats } from "node:fs";
import { resolve } from "node:path";
import { getuid } from "node:process";

/** Who runs the program. */
export interface Runner {
  readonly uid: number;
  /** The user who called `sudo`. */
  readonly sudoUid: number | undefined;
}

/** Returns `undefined` if the system has no users. */
export function currentRunner(environment: Readonly<Record<string, string | undefined>>): Runner | undefined {
  const uid = getuid?.();
  if (uid === undefined) return undefined;
  const sudoUid = /^\d+$/.test(environment.SUDO_UID ?? "") ? Number(environment.SUDO_UID) : undefined;
  return { uid, sudoUid: uid === 0 ? sudoUid : undefined };
}

/**
 * Returns why another user may have written a settings file, with the command that mends it;
 * `undefined` if only the runner, root, or the user who called `sudo` can have written it. `link`:
 * of the name itself, if that is a link.
 */
export function whyUntrusted(path: string, link: Stats, file: Stats, runner: Runner): string | undefined {
  const named = quoted(resolve(path));
  for (const [{ uid }, chown] of [[file, "chown"] as const, [link, "chown -h"] as const]) {
    if (uid === runner.uid || uid === 0 || uid === runner.sudoUid) continue;
    return `it belongs to user ${uid}, who may not decide where passwords go: read it, then \`${chown} ${runner.uid} ${named}\`, or use --no-env-file`;
  }
  if ((file.mode & 0o002) !== 0)
    return `every user of this machine may write to it: read it, then \`chmod o-w ${named}\``;
  if ((file.mode & 0o020) !== 0 && !isOwnGroup(file.gid, file.uid))
    return `all users of the group ${file.gid} may write to it: read it, then \`chmod g-w ${named}\``;
  return undefined;
}

/** Returns whether the group is a user's first, and has no other members. */
function isOwnGroup(gid: number, uid: number): boolean {
  const users = rowsOf("/etc/passwd").map(([name, , user, group]) => ({
    name,
    uid: Number(user),
    gid: Number(group),
  }));
  const owner = users.find((one) => one.uid === uid);
  const members = rowsOf("/etc/group")
    .filter(([, , group]) => Number(group) === gid)
    .flatMap(([, , , names = ""]) => names.split(",").filter((name) => name !== ""));
  const hasOthers =
    users.some((one) => one.gid === gid && one.uid !== uid) || members.some((name) => name !== owner?.name);
  // A user that is not in the files (a directory service has it) has by convention a group of the
  // same number.
  return !hasOthers && (owner?.gid ?? uid) === gid;
}

function rowsOf(path: string): string[][] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(":"));
  } catch {
    return []; // no such file: all users are in a directory service
  }
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
