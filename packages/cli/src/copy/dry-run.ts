import { mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createEmbeddedBroker } from "@brigade/broker";
import type { Filters, Log, PageHistory } from "@brigade/core";
import { type Amount, createLedger, openCatalogue } from "@brigade/ledger";
import { createLister } from "@brigade/lister";
import { withRetry } from "@brigade/sources";
import { preflight } from "../job/preflight.ts";
import type { ProgressView } from "../job/progress.ts";
import { catalogueFile, queuesFile } from "../ledger/state-folder.ts";
import { listerOptions } from "../settings/settings.ts";
import { print, printJson } from "../terminal/terminal.ts";
import { formatBytes, formatCount } from "../terminal/units.ts";
import type { CopyConfiguration } from "./configuration.ts";
import { finished } from "./finish.ts";
import { openJob } from "./job.ts";

export interface DryRun {
  readonly configuration: CopyConfiguration;
  readonly filters: Filters;
  readonly json: boolean;
  readonly log: Log;
  readonly view: ProgressView;
  readonly signal: AbortSignal;
}

const nothingKnown: PageHistory = {
  recorded: async () => undefined,
  unchanged: async (_job, _directory, files) => files.map(() => false),
};

/**
 * Runs the real lister with a consumer that fetches nothing, and its state in a temporary folder.
 * Prints objects and bytes by directory.
 */
export async function dryRun({ configuration, filters, json, log, view, signal }: DryRun): Promise<void> {
  const { settings, name, prefix } = configuration;
  const trouble = new AbortController();
  const giveUp = (error: unknown) => trouble.abort(error);
  await using resources = new AsyncDisposableStack();
  const configured = resources.use(configuration.source);
  const onSilence = (reason: string) => log.warn({ reason }, "the first listing has not come yet");
  await preflight(configured, prefix, signal, onSilence);
  const source = withRetry(configured);
  const state = await mkdtemp(join(tmpdir(), "brigade-dry-run-"));
  resources.defer(() => rm(state, { recursive: true, force: true }));
  const broker = resources.use(
    await createEmbeddedBroker({ path: join(state, queuesFile), log, onError: giveUp }),
  );
  const catalogue = resources.use(await openCatalogue({ path: join(state, catalogueFile), log }));
  const job = await openJob(catalogue, broker, { name, source, prefix, filters, restart: false });
  resources.use(await createLedger({ catalogue, broker, source: name, log }, { prefetch: 64 }));
  resources.use(
    await broker.consume({ source: name, queue: "files" }, { prefetch: 64 }, async () => ({ kind: "ack" })),
  );
  resources.use(
    await createLister(
      {
        source,
        name,
        broker,
        history: nothingKnown,
        host: hostname(),
        log,
        onGiveUp: giveUp,
        onBan: () => configured.pacing.banned(),
      },
      listerOptions(settings),
    ),
  );
  await finished(catalogue, broker, { id: job.id, source: name }, (progress) => view.show(progress, []), {
    interrupted: signal,
    trouble: trouble.signal,
  });
  view.close();
  const { listed, directories } = await catalogue.jobs.progress(job.id);
  if (json) {
    await printJson({ objects: listed.objects, bytes: listed.bytes, directories });
    return;
  }
  for await (const one of catalogue.questions.directories(job.id)) {
    await print(dryRunLine(one.listed, `${one.directory}/`));
  }
  await print(dryRunLine(listed, "in all"));
}

function dryRunLine({ objects, bytes }: Amount, what: string): string {
  return `${formatCount(objects).padStart(14)}  ${formatBytes(bytes).padStart(9)}  ${what}`;
}
