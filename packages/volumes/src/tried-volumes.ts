import { ConfigError, HostError, type Log } from "@brigade/core";
import type { OpeningOptions } from "./opening.ts";
import type { LocalVolume } from "./room.ts";
import { volumeOf } from "./volume.ts";
import { WriterLink } from "./writer-link.ts";

/** A folder that is to be opened as a volume. */
export interface VolumeCandidate extends OpeningOptions {
  /** It was a volume in an earlier run: if it is none now, its disk is not mounted. */
  readonly wasVolume?: boolean;
}

/** Folders that can be opened as volumes. Nothing was made there yet. */
export interface TriedVolumes extends AsyncDisposable {
  /** Tries whether another folder has locks. Throws ConfigError. */
  tryLocks(folder: string): Promise<void>;
  /** In order; all or none. Throws ConfigError. */
  open(): Promise<LocalVolume[]>;
}

/**
 * Tries folders that are to be volumes, each in a thread of its own, so that the caller never waits in a disk call.
 * Throws ConfigError with the problems of all.
 */
export async function tryVolumes(candidates: readonly VolumeCandidate[], log: Log): Promise<TriedVolumes> {
  const links = candidates.map(({ root }) => new WriterLink(root, log));
  const end = async () => void (await Promise.all(links.map((link) => link.end())));
  const each = async <T>(step: (link: WriterLink, candidate: VolumeCandidate) => Promise<T>) =>
    await Promise.allSettled(links.map((link, at) => step(link, candidates[at] as VolumeCandidate)));
  const tried = await each((link, { root, init, make = false, wasVolume = false }) =>
    link.call({ op: "try", trial: { folder: root, make, init, wasVolume } }),
  );
  let isOpen = false;
  const discard = async () => {
    if (!isOpen) await end();
  };
  if (tried.some(({ status }) => status === "rejected")) await discard();
  throwProblems(tried);
  return {
    tryLocks: async (folder) => {
      await links[0]?.call({ op: "try", trial: { locksIn: folder } });
    },
    open: async () => {
      const opened = await each((link, options) => volumeOf(link, options));
      const volumes = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      if (volumes.length < opened.length)
        await Promise.allSettled(volumes.map((volume) => volume[Symbol.asyncDispose]()));
      throwProblems(opened);
      isOpen = true;
      return volumes;
    },
    [Symbol.asyncDispose]: discard,
  };
}

/** Does in a folder what a volume needs, and leaves nothing there. Throws ConfigError or HostError with what is wrong. */
export async function tryFolder(folder: string, log: Log): Promise<void> {
  const link = new WriterLink(folder, log);
  try {
    await link.call({ op: "try", trial: { folder, make: false } });
  } finally {
    await link.end();
  }
}

/** Throws the problems of all: as a ConfigError, or as a HostError where only disks are at fault. */
function throwProblems(settled: readonly PromiseSettledResult<unknown>[]): void {
  const reasons = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
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
