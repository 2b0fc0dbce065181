import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ConfigError, type Environment } from "@brigade/core";
import { parse } from "dotenv";
import { isWorkingFolderGone } from "../../process/working-folder.ts";
import { currentRunner, whyUntrusted } from "./trust.ts";
import { warningsOf } from "./warnings.ts";

/** A file with variables, as it was read. */
export interface SettingsFile {
  /** Absolute. */
  readonly path: string;
  readonly values: Environment;
  /** Each names its line. */
  readonly warnings: readonly string[];
}

/** A file that is there and is not read. */
export interface IgnoredFile {
  readonly path: string;
  readonly why: string;
}

/**
 * Bytes of the file, and blanks and empty lines in a row, at most: the parser's time grows with the
 * square of the latter.
 */
const mostBytes = 64 * 1024;
const mostBlanks = 1_000;

/**
 * Reads `.env` of the working directory, or the file that `--env-file` names (`chosen`), or none
 * with `--no-env-file` (`false`). A file below a volume is never read: volumes come from other
 * machines. Throws ConfigError if the file cannot be read, or other users may have written it.
 */
export function readSettingsFile(chosen: string | false | undefined): SettingsFile | IgnoredFile | undefined {
  if (chosen === false) return undefined;
  const path = chosen ?? ".env";
  if (path === "") throw new ConfigError(["--env-file is empty: is a variable not set?"]);
  if (chosen === undefined && isWorkingFolderGone()) return undefined;
  try {
    const link = lstatSync(path);
    const volume = volumeAround(path);
    if (volume !== undefined) return ignoredOrThrow(path, volume, chosen !== undefined);
    // A pipe is opened without waiting for a writer.
    const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const file = fstatSync(descriptor);
      refuse(path, kindProblem(file));
      const runner = currentRunner(process.env);
      if (runner !== undefined) refuse(path, whyUntrusted(path, link, file, runner));
      return parsed(path, readFileSync(descriptor));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (chosen === undefined && error instanceof Error && "code" in error && error.code === "ENOENT")
      return undefined;
    throw unreadable(path, error);
  }
}

function kindProblem(file: { isDirectory(): boolean; isFile(): boolean; size: number }): string | undefined {
  if (file.isDirectory()) return "it is a folder: it must be a text file, or not be there";
  if (!file.isFile()) return "it is a pipe or a device: it must be a text file, or not be there";
  return file.size > mostBytes
    ? `it has ${file.size} bytes, and no settings file has more than ${mostBytes}`
    : undefined;
}

function refuse(path: string, problem: string | undefined): void {
  if (problem !== undefined) throw new ConfigError([`${path} is not read: ${problem}`]);
}

/**
 * Returns the root of the volume in which a file lies, by its name or by the target of a link; also
 * if the volume is damaged.
 */
function volumeAround(path: string): string | undefined {
  for (const start of [resolve(path), realpathSync(path)]) {
    for (let root = dirname(start); ; root = dirname(root)) {
      if (lstatSync(join(root, ".brigade"), { throwIfNoEntry: false }) !== undefined) return root;
      if (root === dirname(root)) break;
    }
  }
  return undefined;
}

function ignoredOrThrow(path: string, volume: string, isChosen: boolean): IgnoredFile {
  const why = `it lies below the volume ${volume}, and volumes may come from other machines: move it elsewhere, and name it with --env-file`;
  if (isChosen) refuse(path, why);
  return { path: resolve(path), why };
}

function unreadable(path: string, error: unknown): unknown {
  if (!(error instanceof Error && "code" in error)) return error;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file",
    EACCES: "this user may not read it: change its owner or mode, or use --no-env-file",
    EPERM: "this user may not read it: change its owner or mode, or use --no-env-file",
    ELOOP: "it is a link to itself",
    ENXIO: "it is a pipe or a device: it must be a text file, or not be there",
  };
  const reason = reasons[String(error.code)] ?? error.message;
  return new ConfigError([`${path} cannot be read: ${reason}`], { cause: error });
}

function parsed(path: string, bytes: Buffer): SettingsFile {
  const text = decoded(path, bytes);
  const values = parse(withHashes(text.replace(/^\ufeff/, "")));
  return { path: resolve(path), values, warnings: warningsOf(text, values) };
}

/**
 * In a value without quotes, # begins a comment only after a blank, as for Docker Compose. For
 * dotenv it does so anywhere.
 */
function withHashes(text: string): string {
  return text.replaceAll(/^(\s*(?:export\s+)?[\w.-]+\s*=[ \t]*)([^\s'"`#][^\r\n]*)/gm, (line, name, rest) => {
    const value = rest.replace(/\s+#.*$/, "").trimEnd();
    const quote = ["'", '"', "`"].find((one) => !value.includes(one));
    return value.includes("#") && quote !== undefined ? name + quote + value + quote : line;
  });
}

/** Returns the text with its byte order mark. */
function decoded(path: string, bytes: Buffer): string {
  const problem = `${path} is not text in UTF-8: save it in that encoding`;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError([problem], { cause: error });
  }
  // UTF-16 of plain letters passes as UTF-8 with NULs in it.
  if (text.includes("\0")) throw new ConfigError([problem]);
  if (new RegExp(`\\s{${mostBlanks + 1}}`).test(text))
    throw new ConfigError([
      `${path} has more than ${mostBlanks} blanks or empty lines in a row: remove them`,
    ]);
  return text;
}
