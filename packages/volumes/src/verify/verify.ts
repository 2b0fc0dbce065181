import { lstatSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, sourceNameSchema } from "@brigade/core";
import { findLayout, type Layout } from "../identity/identity.ts";
import { claimFolder } from "../own-files/claimed-folder.ts";
import { listOwnFolder } from "../own-files/files.ts";
import { inFolderOf } from "../own-files/own-path.ts";
import { removeIfEmpty, removeOwnFile } from "../own-files/removal.ts";
import { Checkers } from "./checkers.ts";
import { ObjectIndex } from "./object-index.ts";
import type { VerifyReport } from "./reports.ts";
import { Verification, type VerifySummary } from "./verification.ts";

export interface VerifySettings {
  readonly root: string;
  readonly threads: number;
  readonly restart: boolean;
  readonly source: string | undefined;
  readonly quietMs: number;
}

/** What lies in the folder of a verification. */
const ours = /^(index\.db(-wal|-shm|-journal)?|lock-journal)$/;

/**
 * Verifies a volume; blocks like everything that touches a disk. Rejects with an AbortError when it
 * is stopped, and goes on from there when it is called again.
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
  const claim = claimFolder(folder, ours);
  if (claim === undefined) throw new ConfigError([`${root} is being verified by another process`]);
  try {
    const file = join(folder, "index.db");
    if (restart) for (const end of ["", "-wal", "-shm"]) removeOwnFile(file + end);
    const summary = await run(settings, layout, file, sources, send, signal);
    claim.remove();
    return summary;
  } finally {
    claim[Symbol.dispose]();
    inFolderOf(layout.verify, (own, name) => removeIfEmpty(own.at(name)));
  }
}

async function run(
  { threads, source, quietMs }: VerifySettings,
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
    const needs = { layout, index, checkers, threads, sources, source, quietMs, send, signal };
    return await new Verification(needs).run();
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
  return listOwnFolder(layout.sources)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length))
    .filter((name) => sourceNameSchema.safeParse(name).success);
}
