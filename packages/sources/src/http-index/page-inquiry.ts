import { setTimeout as sleep } from "node:timers/promises";
import { type FileEntry, join, type ObjectEntry, type ObjectKey, SourceError } from "@brigade/core";
import type { SiteFiles } from "./files.ts";

/** Milliseconds until a failed question is asked again, and at most, where the server names a time. */
const pause = 500;
const longestPause = 5_000;
/** Files in a row: of which HEAD told nothing, so that it is not asked any more; of which nothing could be learnt at all. */
const enough = 3;
/** Files in a row that are refused by either way: the others of the page are not asked for, as in a ban each question prolongs it. */
const mostRefused = 8;
/** Files whose HEAD is known to hang. */
const mostHanging = 1_000;

/**
 * Asks for sizes and times of the files of one page. It decides nothing: what cannot be learnt stays unknown, and is told
 * when the file is fetched. HEAD is the cheap way, but some servers answer it with errors, with nothing or with a length of
 * 0: then the first byte is asked for. Throws SourceError only where several files in a row tell nothing for now.
 */
export class PageInquiry {
  readonly #files: SiteFiles;
  readonly #directory: string;
  readonly #hanging: Set<ObjectKey>;
  #badHeads = 0;
  #silent = 0;
  #refused = 0;

  /** `hanging`: files of the site of which HEAD was not answered in time. They are added to it, and not waited for again. */
  constructor(files: SiteFiles, directory: string, hanging: Set<ObjectKey>) {
    this.#files = files;
    this.#directory = directory;
    this.#hanging = hanging;
  }

  async ask(name: string, signal: AbortSignal): Promise<FileEntry> {
    if (this.#refused >= mostRefused) return { name };
    const key = join(this.#directory, name);
    const asksHead = this.#badHeads < enough && !this.#hanging.has(key);
    const byHead = asksHead ? await this.#byHead(key, signal) : undefined;
    if (byHead !== undefined && byHead.size !== 0) return described(name, byHead);
    const byGet = await this.#byFirstByte(key, signal);
    return described(name, { modified: byHead?.modified, ...byGet });
  }

  async #byHead(key: ObjectKey, signal: AbortSignal): Promise<Details | undefined> {
    const told = await answerOf(this.#files.head(key, signal));
    const details = told instanceof SourceError ? undefined : told;
    this.#badHeads = details === undefined ? this.#badHeads + 1 : 0;
    if (told instanceof SourceError && told.kind === "transport" && this.#hanging.size < mostHanging)
      this.#hanging.add(key);
    return details;
  }

  async #byFirstByte(key: ObjectKey, signal: AbortSignal): Promise<Details | undefined> {
    const ask = () => answerOf(this.#files.firstByte(key, signal));
    let told = await ask();
    if (told instanceof SourceError && mayPass(told)) {
      await sleep(Math.min(longestPause, Math.max(pause, told.retryAfterMs ?? 0)), undefined, { signal });
      told = await ask();
    }
    const isSilent = told instanceof SourceError && mayPass(told);
    this.#silent = isSilent ? this.#silent + 1 : 0;
    if (isSilent && this.#silent >= enough) throw told;
    this.#refused = told instanceof SourceError && !isSilent ? this.#refused + 1 : 0;
    return told instanceof SourceError ? undefined : told;
  }
}

type Details = Omit<ObjectEntry, "key">;

function described(name: string, { size, modified }: Details): FileEntry {
  return { name, ...(size !== undefined && { size }), ...(modified !== undefined && { modified }) };
}

/** What is told, or why nothing is. */
async function answerOf<T>(asking: Promise<T>): Promise<T | SourceError> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
}

function mayPass({ kind }: SourceError): boolean {
  return kind === "transport" || kind === "unavailable" || kind === "throttled";
}
