import { getgid, getuid } from "node:process";
import { HostError, type HostErrorKind, NameError, processLimits } from "@brigade/core";

/** Linux's errors that Node has no names for, by number. */
const nameless: Readonly<Record<number, string>> = {
  37: "ENOLCK",
  74: "EBADMSG",
  116: "ESTALE",
  117: "EUCLEAN",
  122: "EDQUOT",
  123: "ENOMEDIUM",
  124: "EMEDIUMTYPE",
};

/**
 * The system's name of an error (`ENOSPC`; `E131` where Node has none); `""` for any other error.
 */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error && "code" in error)) return "";
  const code = String(error.code);
  if (/^E[A-Z0-9]+$/.test(code)) return code;
  const isNameless = code === "UNKNOWN" || code.startsWith("Unknown system error");
  if (!isNameless || !("errno" in error) || typeof error.errno !== "number") return "";
  const number = Math.abs(error.errno);
  return nameless[number] ?? `E${number}`;
}

/**
 * Whose fault an error of the system is:
 *
 * - `object`   this object's, wherever the error is seen: no disk of this kind can hold it
 * - `place`    this object's where it is seen at the object's own place (its folder, its name); else the disk's
 * - `full`     the disk's, which has no room; at the object's place, only where nothing else finds room either
 * - `limits`   this process's
 *
 * Any other error is the disk's.
 */
type Fault = "object" | "place" | "full" | "limits";

const faults: Readonly<Record<string, Fault>> = {
  EFBIG: "object",
  EILSEQ: "object",
  ENAMETOOLONG: "object",
  EOVERFLOW: "object",
  EACCES: "place",
  EBUSY: "place",
  EEXIST: "place",
  EINVAL: "place",
  EISDIR: "place",
  ELOOP: "place",
  EMLINK: "place",
  ENOENT: "place",
  ENOTDIR: "place",
  ENOTEMPTY: "place",
  EPERM: "place",
  ETXTBSY: "place",
  EXDEV: "place",
  EDQUOT: "full",
  ENOSPC: "full",
  EAGAIN: "limits",
  EINTR: "limits",
  ...Object.fromEntries(Object.keys(processLimits).map((code) => [code, "limits"] as const)),
};

/**
 * The user and group of this process, as numbers: a container has no names for them. Empty where
 * there are no such numbers.
 */
const byId =
  getuid === undefined
    ? ": change the owner"
    : ` (user ${getuid()}, group ${getgid?.()}): change the owner of the folder (chown -R ${getuid()}:${getgid?.()})`;

/** What people can do, by error. */
const remedies: Readonly<Record<string, string>> = {
  ...processLimits,
  EACCES: `this user may not write there${byId}, or change the mode, or run as another user`,
  EBUSY: "something else uses it",
  EDQUOT: "the quota of this user or project is used up: raise it, or make room",
  EFBIG: "it is too large for the file system, or for the limit of this process (ulimit -f)",
  EILSEQ: "the file system cannot hold this name",
  EIO: "the disk fails: look into the kernel's log (dmesg)",
  EMLINK: "the folder above it takes no more folders",
  ENAMETOOLONG: "the name or the path is too long for the file system",
  ENOLCK: "this file system has no locks",
  ENOSPC: "no room is left on the disk: make some",
  ENOTCONN: "its file system's server has gone away: mount it again",
  EPERM: "it may not be changed (is it immutable? see lsattr)",
  EUCLEAN: "the file system is damaged: unmount and check it (fsck)",
  EROFS: "its file system is read-only: a disk that fails goes read-only, see the kernel's log (dmesg)",
  ESTALE: "its file server has lost it: mount it again",
  EXDEV: "its folder lies on another file system",
};

/** Returns what the system reported, and what can be done; the words of any other error. */
export function inWords(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  const code = errorCode(error);
  const remedy = remedies[code];
  const named = said.includes(code) ? said : `${code}: ${said.replace(/^UNKNOWN: unknown error, /, "")}`;
  return remedy === undefined ? named : `${named}: ${remedy}`;
}

/**
 * A failed disk call in the words of this program: HostError, or NameError when the disk cannot
 * hold this object. Anything that is not a system's error is thrown on as it is: a bug of ours.
 */
export function diskError(error: unknown, doing: string): HostError | NameError {
  if (error instanceof HostError || error instanceof NameError) return error;
  const code = errorCode(error);
  if (code === "") throw error;
  const message = `${doing}: ${inWords(error)}`;
  if (faults[code] === "object") return new NameError(message, { cause: error });
  return new HostError(kindOf(code), message, { cause: error });
}

/** Errors after which the disk is not there any more. */
const gone = new Set(["ENODEV", "ENOMEDIUM", "ENOTCONN", "ENXIO", "ESHUTDOWN", "ESTALE"]);

function kindOf(code: string): HostErrorKind {
  const fault = faults[code];
  if (fault === "full" || fault === "limits") return fault;
  if (code === "EROFS") return "read-only";
  return gone.has(code) ? "gone" : "io";
}

/** Whether a volume that fails so is lost until it is opened again. */
export function isLost({ kind }: HostError): boolean {
  return kind === "io" || kind === "read-only" || kind === "gone";
}

/** An error of the disk in the words of this program; any other error as it was. */
export function translate(error: unknown, doing: string): unknown {
  return errorCode(error) === "" ? error : diskError(error, doing);
}

/**
 * A failed call at the place of one object: its folder, its name there. `hasRoom` says whether the
 * disk can take another file. A folder may be full while the disk is not: ext4 keeps its names in
 * an index of limited size.
 */
export function placeError(error: unknown, doing: string, hasRoom: () => boolean): unknown {
  const code = errorCode(error);
  const fault = faults[code];
  if (fault === "place") return new NameError(`${doing}: ${inWords(error)}`, { cause: error });
  if (code === "ENOSPC" && hasRoom()) {
    const said = error instanceof Error ? error.message : code;
    const why = "its folder takes no more names, while the disk has room (ext4: see the option large_dir)";
    return new NameError(`${doing}: ${said}: ${why}`, { cause: error });
  }
  return error;
}

/** A failed call that is no object's own, whatever the system says. */
export function volumeError(error: unknown, doing: string): HostError {
  const failure = diskError(error, doing);
  return failure instanceof HostError ? failure : new HostError("io", failure.message, { cause: error });
}

/** Whether the error says that a file cannot be read by us, and nothing of the disk. */
export function isPlaceFault(error: unknown): boolean {
  const fault = faults[errorCode(error)];
  return fault === "place" || fault === "object";
}

/** What a file system is, or was made by people: not that its disk fails. */
const byNature = new Set(["EROFS", "ENOLCK", "ENOSYS", "EOPNOTSUPP", "ENOTSUP"]);

/** Whether the error says that the disk fails, or that its server is gone. */
export function isDiskFault(error: unknown): boolean {
  const code = errorCode(error);
  return code !== "" && faults[code] === undefined && !byNature.has(code);
}

/** Whether this process lacks descriptors or memory: later there may be some. */
export function isLimit(error: unknown): boolean {
  return faults[errorCode(error)] === "limits";
}

/** Whether the error says that the disk has no room. */
export function isFull(error: unknown): boolean {
  return faults[errorCode(error)] === "full";
}
