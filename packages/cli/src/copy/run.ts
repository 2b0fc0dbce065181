import { hostname } from "node:os";
import { join } from "node:path";
import { createEmbeddedBroker } from "@brigade/broker";
import { FatalError, type Filters, type Log } from "@brigade/core";
import { createDownloader } from "@brigade/downloader";
import { type Catalogue, createLedger, openCatalogue } from "@brigade/ledger";
import { createLister } from "@brigade/lister";
import { withRetry } from "@brigade/sources";
import { createPlacement, withDatabaseFile } from "@brigade/volumes";
import { catalogueFile, queuesFile } from "../ledger/state-folder.ts";
import { memoryPlan } from "../limits/memory-plan.ts";
import { logSource } from "../service/source-log.ts";
import { downloaderOptions, ledgerPrefetch, listerOptions } from "../settings/settings.ts";
import { absentHere } from "./absent-here.ts";
import type { CopyConfiguration } from "./configuration.ts";
import { finished } from "./finish.ts";
import { openJob } from "./job.ts";
import { localHistory } from "./local-history.ts";
import { type PageRequest, showPage } from "./page.ts";
import { preflight } from "./preflight.ts";
import type { ProgressView } from "./progress.ts";
import { exitCodeOfRun, type RunReport, writeFailures } from "./report.ts";
import { together } from "./together.ts";
import { openRoots, tryRoots, type VolumeRequest } from "./volumes.ts";

export interface CopyRun {
  readonly configuration: CopyConfiguration;
  readonly volumes: VolumeRequest;
  readonly filters: Filters;
  readonly restart: boolean;
  readonly page?: PageRequest | undefined;
  readonly log: Log;
  readonly view: ProgressView;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

type Tell = (report: RunReport, catalogue: Catalogue) => Promise<void>;

/**
 * Brings a source home onto local volumes with the embedded broker, then hands the report to `tell` while the catalogue
 * is still open. Throws FatalError, HostError, ConfigError; an AbortError when interrupted.
 */
export async function runCopy(run: CopyRun, tell: Tell): Promise<RunReport> {
  const trouble = new AbortController();
  try {
    return await runUntil(run, trouble, tell);
  } catch (error) {
    // What else fails because of it, and while all is left, is no news.
    throw trouble.signal.aborted ? trouble.signal.reason : error;
  }
}

async function runUntil(run: CopyRun, trouble: AbortController, tell: Tell): Promise<RunReport> {
  const { configuration, log, view, signal } = run;
  const { settings, volumeSettings, name, prefix } = configuration;
  const began = performance.now();
  const giveUp = (error: unknown) => trouble.abort(error);
  await using resources = new AsyncDisposableStack();
  const source = resources.use(configuration.source);
  logSource(source, log);
  const onSilence = (reason: string) => log.warn({ reason }, "the first listing has not come yet");
  const reason = await preflight(source, prefix, signal, onSilence);
  if (reason !== undefined) log.warn({ reason }, "the first listing did not come: it is tried again");

  const { state } = run.volumes;
  const cacheBytes = memoryPlan().databaseCache;
  await using tried = await tryRoots(run.volumes, volumeSettings, log);
  const [volumes, broker, opened] = await together([
    openRoots(tried, { ...run.volumes, source: name }, resources, log),
    withDatabaseFile(join(state, queuesFile), (path) =>
      createEmbeddedBroker({ path, cacheBytes, log, onError: giveUp }),
    ).then((one) => resources.use(one)),
    withDatabaseFile(join(state, catalogueFile), (path) => openCatalogue({ path, cacheBytes, log })).then(
      (one) => resources.use(one),
    ),
  ]);
  signal.addEventListener("abort", () => broker.absolve(), { once: true });
  for (const volume of volumes) await volume.bind(name, source.fingerprint);
  const host = hostname();
  await opened.recording.noteVolumes(
    volumes.map(({ id, label }) => ({ id, label, host, gone: null })),
    Date.now(),
  );
  const pausing: { readonly pauses: readonly string[] }[] = [];
  const pauses = () => [...new Set(pausing.flatMap((one) => one.pauses))];
  const page =
    run.page === undefined
      ? undefined
      : resources.use(
          await showPage({
            ...run,
            catalogue: opened,
            broker,
            volumes,
            host,
            pauses,
            state,
            page: run.page,
          }),
        );
  const catalogue = page?.catalogue ?? opened;
  const placement = createPlacement(volumes, log, {
    minFree: volumeSettings.MIN_FREE,
    minFreeInodes: volumeSettings.MIN_FREE_INODES,
  });
  const { job, resumed } = await openJob(catalogue, broker, { ...run, name, prefix, source });
  if (resumed) log.info({ job: job.id }, "going on with the unfinished run");

  const parts = { name, broker, host, log, onGiveUp: giveUp, onBan: () => source.pacing.banned() };
  resources.use(
    await createLedger(
      { ...parts, catalogue, source: name, onTrouble: giveUp },
      { prefetch: ledgerPrefetch },
    ),
  );
  const downloader = await createDownloader(
    {
      ...parts,
      source,
      placement,
      onExhausted: (reason) => giveUp(new FatalError(`${reason}; then run the same command again`)),
    },
    { ...downloaderOptions(settings, source.concurrency), endsWhenAllIsRefused: true },
  );
  resources.defer(() => downloader.stop(trouble.signal.aborted ? 0 : settings.SHUTDOWN_GRACE_MS));
  const lister = resources.use(
    await createLister(
      { ...parts, source, pace: withRetry, history: localHistory(catalogue, volumes, log) },
      listerOptions(settings),
    ),
  );

  pausing.push(lister, downloader, ...volumes);
  await finished(
    catalogue,
    broker,
    { id: job.id, source: name },
    (progress) => view.show(progress, pauses()),
    { interrupted: signal, trouble: trouble.signal },
  );

  const proof = await catalogue.questions.proof(job.id);
  await catalogue.jobs.close(job.id, proof.complete ? "complete" : "incomplete");
  while (!signal.aborted && (await catalogue.prune())); // part by part, so that an interruption is heard
  const { volumes: amounts } = await catalogue.jobs.progress(job.id);
  const failedFile = await writeFailures(
    join(state, "failed", `${job.id}.ndjson`),
    catalogue.questions.failures(job.id),
    log,
  );
  if (failedFile !== undefined) {
    log.info({ objects: proof.failed.objects, file: failedFile }, "the failed objects are listed in a file");
  }
  const full = tried.found.flatMap(({ root, volume }) => (volume ? [{ root, id: volume.id }] : []));
  const here = [...new Map([...full, ...volumes].map((one) => [one.id, one])).values()];
  const absent = await absentHere(catalogue, name, here, log);
  const report: RunReport = {
    job: job.id,
    source: name,
    resumed,
    seconds: (performance.now() - began) / 1000,
    proof,
    volumes: volumes.map(({ id, label, root }) => {
      const amount = amounts.find((one) => one.volume === id);
      return { id, label, root, objects: amount?.objects ?? 0, bytes: amount?.bytes ?? 0 };
    }),
    absent,
    exitCode: exitCodeOfRun(proof, absent),
    ...(failedFile !== undefined && { failedFile }),
  };
  view.close();
  await tell(report, catalogue);
  return report;
}
