import type {
  FileEntry,
  Job,
  ListedFile,
  ObjectResult,
  Page,
  PageMessage,
  Slice,
  Source,
  WalkPosition,
  Witness,
} from "@brigade/core";
import { escapeLone, join, plus, refusal, SourceError, sizeProblem, sumOf } from "@brigade/core";
import type { Filter } from "../filters/filters.ts";
import { pageId } from "./page-id.ts";
import { witnessesOf } from "./witnesses.ts";

/** One listed page, ready to be published. */
export interface WalkedPage {
  readonly record: PageMessage;
  /** What is to be fetched; `undefined` if all is unchanged. */
  readonly wanted: Slice | undefined;
  /** Entries that can neither be requested nor stored: failed on the spot. */
  readonly refused: readonly ObjectResult[];
  /** Some of its unchanged files. */
  readonly witnesses: readonly Witness[];
}

/**
 * Lists the page at a position. `unchanged` says of files, in order, which need not be fetched.
 * Throws SourceError.
 */
export async function walkPage(
  job: Job,
  position: WalkPosition,
  source: Source,
  filter: Filter,
  unchanged: (directory: string, files: Page["files"]) => Promise<readonly boolean[]>,
  signal: AbortSignal,
): Promise<WalkedPage> {
  const { directory, walk, page: number } = position;
  const page = await source.listPage(directory, position.cursor, signal);
  if (page.next !== undefined && (page.next === position.cursor || page.next === position.landmark)) {
    throw new SourceError("bad-listing", `the listing of "${directory}" runs in a circle at page ${number}`);
  }
  const files = page.files.filter(
    (file) => refusalOf(file) === undefined && filter.wantsFile(directory, file),
  );
  const refusedFiles = page.files.filter((file) => refusalOf(file) !== undefined);
  const refusedDirectories = page.directories.filter((name) => refusal(name) !== undefined);
  const directories = page.directories
    .filter((name) => refusal(name) === undefined)
    .map((name) => join(directory, name))
    .filter((path) => filter.wantsDirectory(path));

  // All names that are counted, in order: the same id and index must mean the same object.
  const id = pageId({ job: job.id, directory, walk, page: number }, [
    ...files.map((file) => file.name),
    ...refusedFiles.map((file) => file.name),
    ...[...refusedDirectories, ...page.directories].map((name) => `${name}/`),
  ]);
  const known = await unchanged(directory, files);
  const listed: ListedFile[] = files.map((file, index) => ({ index, ...file }));
  const wanted = listed.filter((_, index) => known[index] !== true);
  const refused = resultsOf(refusedFiles, refusedDirectories, listed.length);
  const unlisted = refused.filter(
    (_, n) => n >= refusedFiles.length || refusedFiles[n]?.mayBeDirectory === true,
  );

  return {
    record: {
      v: 1,
      type: "page",
      job,
      directory,
      walk,
      page: number,
      id,
      ...endOf(position, page.next),
      count: listed.length + refused.length,
      bytes: plus(bytesOf(listed), sumOf(refused.map(({ listedSize }) => listedSize))),
      ...unchangedOf(listed, wanted, known),
      directories,
      ...(unlisted.length > 0 && { unlisted: describeUnlisted(unlisted) }),
    },
    wanted: wanted.length > 0 ? { page: id, directory, files: wanted } : undefined,
    refused,
    witnesses: wanted.length < listed.length ? witnessesOf(directory, files, known) : [],
  };
}

/** Returns the results of what is refused. Their indices begin with `first`. */
function resultsOf(files: Page["files"], directories: readonly string[], first: number): ObjectResult[] {
  return [
    ...files.map((file) => refuse(file, refusalOf(file))),
    ...directories.map((name) => refuse({ name }, refusal(name), "directory: ")),
  ].map((result, n) => ({ ...result, index: first + n }));
}

/** Whether another page follows, and where. */
function endOf(position: WalkPosition, next: Page["next"]): Pick<PageMessage, "end" | "next"> {
  return next === undefined ? { end: "last" } : { end: "more", next: following(position, next) };
}

/** Which of the files are unchanged (`known`), and their bytes; empty if all are wanted. */
function unchangedOf(
  listed: readonly ListedFile[],
  wanted: readonly ListedFile[],
  known: readonly boolean[],
): Pick<PageMessage, "unchanged" | "unchangedBytes"> {
  if (wanted.length === listed.length) return {};
  return { unchanged: bitmap(known), unchangedBytes: bytesOf(listed) - bytesOf(wanted) };
}

/**
 * The record of a page that could not be listed, or of a directory that is gone (`last`, with
 * nothing on it).
 */
export function emptyPage(
  job: Job,
  position: WalkPosition,
  end: "last" | "failed",
  reason: string,
): PageMessage {
  const { directory, walk, page } = position;
  const id = pageId({ job: job.id, directory, walk, page }, []);
  return {
    v: 1,
    type: "page",
    job,
    directory,
    walk,
    page,
    id,
    end,
    reason,
    count: 0,
    bytes: 0,
    directories: [],
  };
}

/** Brent's cycle detection: the landmark moves up at each power of two. */
function following(position: WalkPosition, cursor: string): WalkPosition {
  const page = position.page + 1;
  const moves = (position.page & (position.page - 1)) === 0;
  const landmark = moves ? cursor : position.landmark;
  return { directory: position.directory, walk: position.walk, page, cursor, ...(landmark && { landmark }) };
}

/** Returns the first, and how many more there are. */
function describeUnlisted([first, ...others]: readonly ObjectResult[]): string {
  const more = others.length === 0 ? "" : `; and ${others.length} more`;
  return `what lies below "${first?.name}" is not listed: ${first?.reason}${more}`;
}

/** Returns why an entry cannot be asked for; `undefined` if it can. */
function refusalOf({ name, size, problem }: FileEntry): string | undefined {
  return refusal(name) ?? problem ?? sizeProblem(size);
}

function refuse({ name, size = 0, modified }: FileEntry, why: string | undefined, kind = ""): ObjectResult {
  const reason = `${kind}cannot be requested: ${why}`;
  const listedSize = sizeProblem(size) === undefined ? size : 0;
  const failed = { index: 0, outcome: "failed", listedSize, reason, class: "name" } as const;
  // The name for people is not the object's. Without a time, a retry lists the directory again
  // instead of asking for it.
  if (!name.isWellFormed()) return { ...failed, name: escapeLone(name, "\\x") };
  return { ...failed, name, modified };
}

/** Returns the sum of the sizes that the listing has. */
function bytesOf(files: readonly ListedFile[]): number {
  return sumOf(files.map(({ size }) => size));
}

function bitmap(bits: readonly boolean[]): string {
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => {
    if (bit) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return bytes.toString("base64");
}
