import { ConfigError, HostError, type HostErrorKind, type Log } from "@brigade/core";
import type { FoundFolder } from "../identity/found-folder.ts";
import type { LocalVolume } from "../local-volume.ts";
import type { OpeningOptions } from "../opening/opening.ts";
import { type FetchThreads, volumeOf } from "../writer/volume.ts";
import { WriterLink } from "../writer/writer-link.ts";
import { refuseOverlaps } from "./overlaps.ts";

/** Folders that can be opened as volumes. Nothing was made there yet. */
export interface TriedVolumes extends AsyncDisposable {
  /** In order. */
  readonly found: readonly FoundFolder[];
  /** Of those that are not left out, in order. */
  readonly roots: readonly string[];
  /** Tries whether another folder has locks. Throws ConfigError. */
  tryLocks(folder: string): Promise<void>;
  /** In order. Throws ConfigError or HostError. */
  open(): Promise<LocalVolume[]>;
}

export interface TrialOptions {
  /**
   * A disk with a fault of these kinds is left out, with one line in the log, if there are others.
   */
  readonly leavesOut: readonly HostErrorKind[];
  /** Called with what the folders are before anything is written there. May throw. */
  readonly judge?: (found: readonly FoundFolder[]) => void;
  /** Absent if the volumes' threads do not fetch. */
  readonly fetching?: FetchThreads | undefined;
}

/**
 * Tries folders that are to be volumes, each in a thread of its own, so that the caller never waits
 * in a disk call. Throws the problems of all: ConfigError, or HostError where only disks are at
 * fault.
 */
export async function tryVolumes(
  candidates: readonly OpeningOptions[],
  log: Log,
  options: TrialOptions,
): Promise<TriedVolumes> {
  const volumes = new Candidates(candidates, log, options);
  await volumes.try();
  return volumes;
}

/** A candidate, and the thread in which it is tried and opened. */
interface Post {
  readonly candidate: OpeningOptions;
  readonly link: WriterLink;
}

class Candidates implements TriedVolumes {
  readonly #log: Log;
  readonly #options: TrialOptions;
  #posts: readonly Post[];
  #isOpen = false;
  found: readonly FoundFolder[] = [];

  constructor(candidates: readonly OpeningOptions[], log: Log, options: TrialOptions) {
    this.#log = log;
    this.#options = options;
    this.#posts = candidates.map((candidate) => ({
      candidate,
      link: new WriterLink(candidate.root, log, options.fetching?.entry),
    }));
  }

  get roots(): readonly string[] {
    return this.#posts.map(({ candidate }) => candidate.root);
  }

  async try(): Promise<void> {
    try {
      this.found = await this.#each(({ link, candidate: { root, init, names, make = false } }) =>
        link.call({ op: "look", trial: { folder: root, make, init, names } }),
      );
      refuseOverlaps(this.found);
      this.#options.judge?.(this.found);
      await this.#each(({ link, candidate: { root, make = false } }) =>
        link.call({ op: "try", trial: { folder: root, make } }),
      );
    } catch (error) {
      await endAll(this.#posts);
      throw error;
    }
  }

  async tryLocks(folder: string): Promise<void> {
    await this.#posts[0]?.link.call({ op: "try", trial: { locksIn: folder } });
  }

  async open(): Promise<LocalVolume[]> {
    const opened: LocalVolume[] = [];
    try {
      const volumes = await this.#each(async ({ link, candidate }) => {
        const volume = await volumeOf(link, candidate, this.#options.fetching);
        opened.push(volume);
        return volume;
      });
      this.#isOpen = true;
      return volumes;
    } catch (error) {
      await Promise.allSettled(opened.map((volume) => volume[Symbol.asyncDispose]()));
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) await endAll(this.#posts);
  }

  /**
   * Takes a step with each, and leaves out those with which it fails, if that may be. Resolves with
   * the results of the others.
   */
  async #each<T>(step: (post: Post) => Promise<T>): Promise<T[]> {
    const posts = this.#posts;
    const settled = await Promise.allSettled(posts.map(step));
    const values = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const failed = settled.flatMap((one, at) => {
      const post = posts[at];
      return one.status === "fulfilled" || post === undefined
        ? []
        : [{ post, reason: one.reason as unknown }];
    });
    const reasons = failed.map(({ reason }) => reason);
    if (values.length === 0 || !reasons.every((reason) => this.#mayBeLeftOut(reason))) throwProblems(reasons);
    for (const { post, reason } of failed)
      this.#log.error(
        {
          volume: post.candidate.root,
          reason: reason instanceof Error ? reason.message : String(reason),
        },
        "a volume cannot be used: the work goes on without it",
      );
    const out = failed.map(({ post }) => post);
    this.#posts = posts.filter((post) => !out.includes(post));
    await endAll(out);
    return values;
  }

  #mayBeLeftOut(reason: unknown): boolean {
    return reason instanceof HostError && this.#options.leavesOut.includes(reason.kind);
  }
}

async function endAll(posts: readonly Post[]): Promise<void> {
  await Promise.all(posts.map(({ link }) => link.end()));
}

/** A volume of this run; without `look`, one that was left out. */
export type GivenVolume = Pick<LocalVolume, "root" | "id"> & Partial<Pick<LocalVolume, "look">>;

/**
 * Resolves with why what lies on a volume cannot be read now; `undefined` if it can. If the
 * volume's own thread does not find it, another thread asks: the first may hang in a call for ever
 * while the disk answers others.
 */
export async function whyGone(volume: GivenVolume, log: Log): Promise<string | undefined> {
  const { root, id } = volume;
  if (await findsItself(volume)) return undefined;
  const link = new WriterLink(root, log);
  try {
    const found = await link.call({ op: "look", trial: { folder: root, make: false, init: true } });
    return found.volume?.id === id ? undefined : `${root} is no longer that volume: was its disk unmounted?`;
  } catch (error) {
    // If this process can open no more files, that is no evidence about the disk.
    if (error instanceof HostError && error.kind === "limits") return undefined;
    if (error instanceof ConfigError || error instanceof HostError) return error.message;
    throw error;
  } finally {
    await link.end();
  }
}

/** Whether the volume's own thread finds it in its place. */
export async function findsItself(volume: GivenVolume): Promise<boolean> {
  const found = await volume.look?.().catch(() => undefined); // `whyGone` has the reason
  return found?.volume?.id === volume.id;
}

/**
 * Does in a folder what a volume needs, and leaves nothing there. Rejects with ConfigError or
 * HostError, which say what is wrong.
 */
export async function tryFolder(folder: string, log: Log): Promise<void> {
  const link = new WriterLink(folder, log);
  try {
    await link.call({ op: "look", trial: { folder, make: false, init: true } });
    await link.call({ op: "try", trial: { folder, make: false } });
  } finally {
    await link.end();
  }
}

/**
 * Throws the problems of all: as a ConfigError, or as a HostError where only disks are at fault.
 */
function throwProblems(reasons: readonly unknown[]): void {
  const [first] = reasons;
  if (reasons.length <= 1) {
    if (first !== undefined) throw first;
    return;
  }
  const problems = reasons.flatMap((reason) => {
    if (reason instanceof ConfigError) return reason.problems;
    if (reason instanceof HostError) return [reason.message];
    throw reason;
  });
  if (first instanceof HostError && reasons.every((reason) => reason instanceof HostError))
    throw new HostError(first.kind, problems.join("; "), { cause: first });
  throw new ConfigError(problems, { cause: first });
}
