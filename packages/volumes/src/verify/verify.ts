import { lstatSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, sourceNameSchema } from "@brigade/core";
import { errorCode } from "../disk-errors.ts";
import { findLayout, type Layout } from "../identity.ts";
import { removeFile, removeTree } from "../removal.ts";
import { claimFolder } from "../temporary.ts";
import { Checkers } from "./checkers.ts";
import { ObjectIndex } from "./object-index.ts";
import type { VerifyReport } from "./reports.ts";
import { Verification, type VerifySummary } from "./verification.ts";

export interface VerifySettings {
  readonly root: string;
  readonly threads: number;
  readonly restart: boolean;
  readonly source: string | undefined;
  readonly settleMs: number;
}

/**
 * Verifies a volume; blocks like everything that touches a disk. Rejects with an AbortError when it is stopped, and goes
 * on from there when it is called again.
 */
export async function verify(
  settings: VerifySettings,
  send: (report: VerifyReport) => Promise<void>,
  signal: AbortSignal,
): Promise<VerifySummary> {
  const { root, source, restart } = settings;
  const layout = findLayout(root);
  const sources = sourcesOf(layout).filter((name) => source === undefined || name === source);
  if (source !== undefined && sources.length === 0)
    throw new ConfigError([`${root} holds no source "${source}"`]);
  // No source is named so.
  const folder = join(layout.verify, source ?? "_all");
  const lock = claimFolder(folder);
  if (lock === undefined) throw new ConfigError([`${root} is being verified by another process`]);
  try {
    const file = join(folder, "index.db");
    if (restart) for (const end of ["", "-wal", "-shm"]) removeFile(file + end);
    const summary = await run(settings, layout, file, sources, send, signal);
    removeTree(folder);
    return summary;
  } finally {
    lock[Symbol.dispose]();
    removeIfEmpty(layout.verify);
  }
}

async function run(
  { threads, source, settleMs }: VerifySettings,
  layout: Layout,
  file: string,
  sources: readonly string[],
  send: (report: VerifyReport) => Promise<void>,
  signal: AbortSignal,
): Promise<VerifySummary> {
  using index = new ObjectIndex(file);
  await using checkers = new Checkers(layout.root, threads);
  const stop = () => checkers.stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    const parts = { layout, index, checkers, threads, sources, source, settleMs, send, signal };
    return await new Verification(parts).run();
  } finally {
    signal.removeEventListener("abort", stop);
    index.commit();
  }
}

function sourcesOf(layout: Layout): string[] {
  for (const folder of [layout.sources, layout.manifest]) {
    if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory())
      throw new ConfigError([`${folder} is missing: this volume is damaged, or was copied in part only`]);
  }
  return readdirSync(layout.sources)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length))
    .filter((name) => sourceNameSchema.safeParse(name).success);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(errorCode(error))) throw error;
  }
}
