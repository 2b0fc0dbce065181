import { setTimeout as sleep } from "node:timers/promises";
import {
  type FileEntry,
  join,
  type ObjectEntry,
  type ObjectKey,
  pausesOfInquiries,
  SourceError,
} from "@brigade/core";
import type { Known, SiteFiles } from "../site/files.ts";
import type { Listed } from "../site/listed.ts";

/** A file; a directory by its name, though its link may look like a file's. */
export type Found = FileEntry | string;

/**
 * Files in a row without an answer: to HEAD, after which HEAD is not used any more; and in any way.
 */
const enough = 3;
/**
 * Files in a row that are refused in both ways: the others of the page are not asked for, because
 * each question may prolong a ban.
 */
const mostRefused = 8;
/** Files whose HEAD is known to hang. */
const mostHanging = 1_000;

/**
 * Asks for sizes and times of the files of one page. It decides nothing: what cannot be found out
 * stays unknown until the file is fetched. HEAD is the cheap way, but some servers answer it with
 * errors, with nothing or with a length of 0: then the first byte is asked for. Throws SourceError
 * only if several files in a row give no answer for now, and the page itself does not come any more
 * either.
 */
export class PageInquiry {
  readonly #files: SiteFiles;
  readonly #directory: string;
  readonly #hanging: Set<ObjectKey>;
  #badHeads = 0;
  #silent = 0;
  #refused = 0;

  /**
   * `hanging`: files of the site of which HEAD was not answered in time. They are added to it, and
   * not waited for again.
   */
  constructor(files: SiteFiles, directory: string, hanging: Set<ObjectKey>) {
    this.#files = files;
    this.#directory = directory;
    this.#hanging = hanging;
  }

  async ask(name: string, signal: AbortSignal): Promise<Found> {
    if (this.#refused >= mostRefused) return { name };
    const known = await this.#look(name, signal);
    if (known === "directory") return name;
    return known === undefined || known instanceof SourceError ? { name } : described(name, known);
  }

  /**
   * Returns whether the likely entry of the page exists; `undefined` if it seems to be no entry.
   */
  async verify({ name, isDirectory, guess }: Listed, signal: AbortSignal): Promise<Found[]> {
    const known = isDirectory ? await this.#lookInto(name, signal) : await this.#look(name, signal);
    if (known === "directory") return [name];
    if (known !== undefined && !(known instanceof SourceError)) return [described(name, known)];
    if (guess === "link") return [];
    if (known instanceof SourceError) return [isDirectory ? name : { name }];
    const problem = "the index page seems to have this name, but the server does not";
    return [{ name, problem, ...(isDirectory && { mayBeDirectory: true }) }];
  }

  async #lookInto(name: string, signal: AbortSignal): Promise<Known | SourceError> {
    const has = await answerOf(this.#files.hasDirectory(join(this.#directory, name), signal));
    return has === true ? "directory" : has || undefined;
  }

  async #look(name: string, signal: AbortSignal): Promise<Known | SourceError> {
    const key = join(this.#directory, name);
    const asksHead = this.#badHeads < enough && !this.#hanging.has(key);
    const byHead = asksHead ? await this.#byHead(key, signal) : undefined;
    if (byHead === "directory") return byHead;
    if (byHead !== undefined && byHead.size !== 0) return { ...byHead, unproven: true };
    const byGet = await this.#byFirstByte(key, signal);
    if (byGet === "directory" || byHead === undefined) return byGet;
    // HEAD's length of 0 is not used.
    return { key, modified: byHead.modified, ...(byGet instanceof SourceError ? {} : byGet) };
  }

  async #byHead(key: ObjectKey, signal: AbortSignal): Promise<Known> {
    const answer = await answerOf(this.#files.head(key, signal));
    const details = answer instanceof SourceError ? undefined : answer;
    this.#badHeads = details === undefined ? this.#badHeads + 1 : 0;
    if (details !== undefined) {
      this.#silent = 0;
      this.#refused = 0;
    }
    if (answer instanceof SourceError && answer.kind === "transport" && this.#hanging.size < mostHanging)
      this.#hanging.add(key);
    return details;
  }

  async #byFirstByte(key: ObjectKey, signal: AbortSignal): Promise<Known | SourceError> {
    const ask = () => answerOf(this.#files.firstByte(key, signal));
    let answer = await ask();
    if (answer instanceof SourceError && mayPass(answer)) {
      const { first, most } = pausesOfInquiries;
      await sleep(Math.min(most, Math.max(first, answer.retryAfterMs ?? 0)), undefined, { signal });
      answer = await ask();
    }
    if (!(answer instanceof SourceError)) {
      this.#silent = 0;
      this.#refused = 0;
      return answer;
    }
    this.#silent = mayPass(answer) ? this.#silent + 1 : 0;
    const isInRow = this.#silent >= enough;
    if (isInRow && !(await this.#isOwn(answer, signal))) throw answer;
    if (this.#silent === 0 || isInRow) this.#refused++;
    return answer;
  }

  /**
   * Returns whether the missing answers are the files' own fault: the page that names them still
   * comes.
   */
  async #isOwn({ kind, isGuess }: SourceError, signal: AbortSignal): Promise<boolean> {
    if (kind === "throttled" && !isGuess) return false;
    return (await answerOf(this.#files.hasDirectory(this.#directory, signal))) === true;
  }
}

type Details = Omit<ObjectEntry, "key">;

function described(name: string, { size, modified, unproven }: Details): FileEntry {
  return {
    name,
    ...(size !== undefined && { size }),
    ...(modified !== undefined && { modified }),
    ...(size !== undefined && unproven && { unproven }),
  };
}

/** The answer, or the reason for none. */
async function answerOf<T>(asking: Promise<T>): Promise<T | SourceError> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
}

/** An answer that cannot be read comes again as it is. */
function mayPass({ kind, status }: SourceError): boolean {
  return kind === "transport" || kind === "throttled" || (kind === "unavailable" && status !== undefined);
}
