import { join } from "node:path";
import { createEmbeddedBroker } from "@brigade/broker";
import type { Environment, Log } from "@brigade/core";
import {
  type Catalogue,
  type FailureFilter,
  type JobRecord,
  openCatalogue,
  type Retried,
} from "@brigade/ledger";
import { createStatus, LedgerClient, ledgerApp } from "@brigade/ledger/http";
import { withDatabaseFile } from "@brigade/volumes";
import { createLog } from "../logging/logging.ts";
import type { LedgerFlags } from "../options/ledger-options.ts";
import { readVariables } from "../settings/environment.ts";
import { ledgerClientVariables, type Settings, settingsSchema } from "../settings/settings.ts";
import { retryCopy } from "./retry-copy.ts";
import { catalogueFile, queuesFile, stateFolder } from "./state-folder.ts";

/** The ledger that a command asks: a service, or a `copy`'s accounts, opened in this process. */
export interface LedgerDoor extends AsyncDisposable {
  readonly ledger: LedgerClient;
  /** The folder of a copy's accounts; absent for a service. */
  readonly state?: string;
}

/**
 * Opens the accounts that `--state-dir` names, else asks the ledger at LEDGER_URL if that is set,
 * else opens STATE_DIR, else asks the ledger on this machine. Throws ConfigError if there is no
 * catalogue (unless `create` allows to make one), or another process has it open.
 */
export async function openLedger(
  { stateDir }: LedgerFlags,
  environment: Environment,
  signal: AbortSignal,
  { create = false }: { readonly create?: boolean } = {},
): Promise<LedgerDoor> {
  const settings = readVariables(settingsSchema.extend(ledgerClientVariables.shape), environment);
  const { LEDGER_URL: url, LEDGER_TOKEN: token, STATE_DIR } = settings;
  const given = stateDir ?? (environment.LEDGER_URL === undefined ? STATE_DIR : undefined);
  if (given !== undefined) return await openLocally(stateFolder(given, create), settings, signal);
  return { ledger: new LedgerClient({ url, token, signal }), async [Symbol.asyncDispose]() {} };
}

async function openLocally(state: string, settings: Settings, signal: AbortSignal): Promise<LedgerDoor> {
  const log = createLog(settings.LOG_LEVEL);
  await using opening = new AsyncDisposableStack();
  const catalogue = opening.use(
    await withDatabaseFile(join(state, catalogueFile), (path) => openCatalogue({ path, log })),
  );
  const status = opening.use(await createStatus({ catalogue, log }));
  const app = ledgerApp(catalogue, {
    log,
    status,
    retry: (job, filter) => retryLocally(catalogue, state, settings, log, job, filter),
  });
  const resources = opening.move();
  return {
    ledger: new LedgerClient({ url: "http://localhost", fetch: (request) => app.fetch(request), signal }),
    state,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Puts failures into the queues that the next `copy` goes on with. */
async function retryLocally(
  catalogue: Catalogue,
  state: string,
  settings: Settings,
  log: Log,
  job: JobRecord,
  filter: FailureFilter,
): Promise<Retried> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // the race rejects with it, if it is still running
  await using broker = await withDatabaseFile(join(state, queuesFile), (path) =>
    createEmbeddedBroker({ path, log, onError: failed.reject }),
  );
  return await Promise.race([retryCopy(catalogue, broker, settings, job, filter), failed.promise]);
}
