import { hostname } from "node:os";
import { type ControlState, FatalError } from "@brigade/core";
import { createDownloader } from "@brigade/downloader";
import { createDirectFetch } from "@brigade/fetch-write";
import { type Catalogue, createLedger } from "@brigade/ledger";
import { createLister } from "@brigade/lister";
import { withRetry } from "@brigade/sources";
import { createPlacement, type LocalPlacement } from "@brigade/volumes";
import { obeyLimits } from "../control/limits/obey-limits.ts";
import { obeyHold } from "../control/obey-hold.ts";
import { FetchingWatch } from "../job/fetching.ts";
import { ListingWatch } from "../job/listing.ts";
import { Load } from "../job/load.ts";
import { describeMissingRoom } from "../job/missing-room.ts";
import { preflight } from "../job/preflight.ts";
import type { JobReport } from "../job/report.ts";
import { logSource } from "../service/source-log.ts";
import { downloaderOptions, ledgerPrefetch, listerOptions } from "../settings/settings.ts";
import { obeyVolumeOrders } from "../volumes/volume-orders.ts";
import { watchPlacement } from "../volumes/watched-placement.ts";
import { closeJob } from "./close-job.ts";
import { copyControl } from "./control.ts";
import { finished } from "./finish.ts";
import { openJob } from "./job.ts";
import { localHistory } from "./local-history.ts";
import { type Opened, openState } from "./open-state.ts";
import type { Page, PageParts } from "./page.ts";
import type { CopyRequest } from "./request.ts";
import { tryRoots } from "./volumes.ts";

type Tell = (report: JobReport, catalogue: Catalogue) => Promise<void>;

/**
 * Brings a source home onto local volumes with the embedded broker, then hands the report to `tell`
 * while the catalogue is still open. Throws FatalError, HostError, ConfigError; an AbortError if it
 * is interrupted.
 */
export async function runCopy(request: CopyRequest, tell: Tell): Promise<JobReport> {
  const trouble = new AbortController();
  try {
    return await runUntil(request, trouble, tell);
  } catch (error) {
    // What else fails because of the trouble, and while all is left, is no news.
    throw trouble.signal.aborted ? trouble.signal.reason : error;
  }
}

async function runUntil(request: CopyRequest, trouble: AbortController, tell: Tell): Promise<JobReport> {
  const { configuration, log, view, signal } = request;
  const { volumeSettings, name, prefix } = configuration;
  const began = performance.now();
  const giveUp = (error: unknown) => trouble.abort(error);
  await using resources = new AsyncDisposableStack();
  const source = resources.use(configuration.source);
  logSource(source, log);
  const onSilence = (reason: string) => log.warn({ reason }, "the first listing has not come yet");
  const reason = await preflight(source, prefix, signal, onSilence);
  if (reason !== undefined) log.warn({ reason }, "the first listing did not come: it is tried again");

  await using tried = await tryRoots(request.volumes, volumeSettings, log);
  const opened = await openState(request, tried, resources, giveUp);
  const { broker, volumes } = opened;
  const { desk, state: control } = await copyControl(request, opened, resources);
  resources.use(obeyHold(source, control));
  const { bandwidth } = request;
  resources.use(obeyLimits(source, control, { role: "copy", host: hostname(), own: { bandwidth } }));
  const pausing: { readonly pauses: readonly string[] }[] = [];
  let watched: { readonly fetching: FetchingWatch; readonly listing: ListingWatch } | undefined;
  const fetching = () => watched?.fetching.now;
  const listing = () => watched?.listing.now;
  const pauses = () => [...new Set(pausing.flatMap((one) => one.pauses))];
  const placement = placementOf(request, opened);
  const page = resources.use(
    await pageOf(request, { ...opened, placement, host: hostname(), desk, pauses, fetching, listing }),
  );
  const catalogue = page?.catalogue ?? opened.catalogue;
  const job = await openJob(catalogue, broker, { ...request, name, prefix, source });
  if (job.resumed) log.info({ job: job.id }, "going on with the unfinished run");

  const { lister, downloader } = await startWork(
    request,
    { ...opened, catalogue, control, placement, job: job.id },
    resources,
    trouble,
  );
  pausing.push(lister, downloader, ...volumes);
  watched = {
    fetching: new FetchingWatch(
      source.pacing,
      downloader,
      new Load(() => volumes.flatMap(({ fetchers }) => fetchers)),
    ),
    listing: new ListingWatch(source.pacing, lister, new Load()),
  };
  await finished(
    catalogue,
    broker,
    { id: job.id, source: name },
    (progress) => view.show(progress, pauses(), fetching()),
    { interrupted: signal, trouble: trouble.signal },
  );
  const report = await closeJob(request, job, { catalogue, volumes, found: tried.found, began });
  view.close();
  await tell(report, catalogue);
  return report;
}

/** Shows the run on a page if that is asked for. What that needs is loaded then only. */
async function pageOf(
  { page, volumes, configuration, log }: CopyRequest,
  parts: Omit<PageParts, "page" | "state" | "configuration" | "log">,
): Promise<Page | undefined> {
  if (page === undefined) return undefined;
  const { showPage } = await import("./page.ts");
  return await showPage({ ...parts, page, state: volumes.state, configuration, log });
}

function placementOf({ configuration, log }: CopyRequest, { volumes }: Opened): LocalPlacement {
  const {
    MIN_FREE: minFree,
    MIN_FREE_INODES: minFreeInodes,
    PLACEMENT: policy,
  } = configuration.volumeSettings;
  return createPlacement(volumes, log, { minFree, minFreeInodes, policy });
}

interface WorkParts extends Opened {
  readonly control: ControlState;
  readonly placement: LocalPlacement;
  readonly job: string;
}

/** Starts ledger, downloader and lister, in this order. */
async function startWork(
  { configuration, log }: CopyRequest,
  { catalogue, broker, volumes, placement, job, control }: WorkParts,
  resources: AsyncDisposableStack,
  trouble: AbortController,
) {
  const { settings, name, source } = configuration;
  const giveUp = (error: unknown) => trouble.abort(error);
  const onBan = () => source.pacing.banned();
  resources.use(watchPlacement(placement, giveUp));
  resources.use(obeyVolumeOrders(placement, [control]));
  const host = hostname();
  const monotonic = source.pacing.workingTime;
  const parts = { name, broker, host, log, onGiveUp: giveUp, onBan, control, monotonic };
  resources.use(
    await createLedger(
      { ...parts, catalogue, source: name, onTrouble: giveUp },
      { prefetch: ledgerPrefetch },
    ),
  );
  /** Where people have ordered that nothing goes to a volume, the run waits for their next order. */
  const giveUpWithoutRoom = async (reason: string) => {
    if (placement.hasOrders) return;
    const missing = describeMissingRoom(await catalogue.jobs.progress(job), placement.usableBytes);
    const more = missing === "" ? "" : `; ${missing}`;
    giveUp(new FatalError(`${reason}${more}; then run the same command again`));
  };
  const downloader = await createDownloader(
    {
      ...parts,
      source,
      placement,
      direct: createDirectFetch(source, placement),
      onExhausted: (reason) => void giveUpWithoutRoom(reason).catch(giveUp),
    },
    { ...downloaderOptions(settings, source), endsWhenAllIsRefused: true },
  );
  resources.defer(() => downloader.stop(trouble.signal.aborted ? 0 : settings.SHUTDOWN_GRACE_MS));
  const lister = resources.use(
    await createLister(
      {
        ...parts,
        source,
        pace: withRetry,
        history: localHistory(catalogue, volumes, log),
        onUnchanged: (witnesses) => downloader.listedUnchanged(witnesses),
      },
      listerOptions(settings),
    ),
  );
  return { lister, downloader };
}
