import { hostname } from "node:os";
import { type BrokerAdmin, connectBrokerAdmin, type ManagementApi } from "@brigade/broker";
import type { Environment, Log } from "@brigade/core";
import { LedgerClient } from "@brigade/ledger/http";
import { createLog } from "../logging/logging.ts";
import { type BrokerAddress, readBrokerAddress } from "../settings/broker-address.ts";
import { readVariables } from "../settings/environment.ts";
import { Problems } from "../settings/problems.ts";
import { ledgerClientVariables, settingsSchema } from "../settings/settings.ts";

/** What a command uses of a fleet: its broker and its ledger. */
export interface Fleet {
  readonly ledger: LedgerClient;
  readonly log: Log;
  /** `undefined` if BROKER_MANAGEMENT_URL is not set. */
  readonly management: ManagementApi | undefined;
  /** Rejects with HostError if the broker is away, FatalError if it refuses the connection. */
  connect(): Promise<BrokerAdmin>;
}

/** Connects to neither. Throws ConfigError with all problems. */
export function readFleet(command: string, environment: Environment, signal: AbortSignal): Fleet {
  const problems = new Problems();
  const settings = problems.try(() =>
    readVariables(settingsSchema.pick({ LOG_LEVEL: true }).extend(ledgerClientVariables.shape), environment),
  );
  const address = problems.try(() => readBrokerAddress(environment));
  problems.throwAny();
  if (!settings || !address) throw new Error("a configuration problem was not reported");
  const log = createLog(settings.LOG_LEVEL);
  return {
    ledger: new LedgerClient({ url: settings.LEDGER_URL, token: settings.LEDGER_TOKEN, signal }),
    log,
    management: address.management,
    connect: () => connect(command, address, log),
  };
}

function connect(command: string, address: BrokerAddress, log: Log): Promise<BrokerAdmin> {
  const connectionName = `${command}@${hostname()}#${process.pid}`;
  return connectBrokerAdmin({ url: address.url, ca: address.ca, connectionName, log });
}
