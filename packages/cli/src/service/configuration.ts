import { readFileSync } from "node:fs";
import { brokerVariables, ManagementApi } from "@brigade/broker";
import { ConfigError, type Environment, parseEnvironment, valueOrThrow } from "@brigade/core";
import type { z } from "zod";
import { Problems } from "../settings/problems.ts";
import {
  httpVariables,
  ledgerServiceVariables,
  type ServiceName,
  settingsSchema,
} from "../settings/settings.ts";

/** Where the broker is. */
export interface BrokerAddress {
  readonly url: string;
  /** PEM of a private CA. */
  readonly ca: string | undefined;
  /** Records and directories must say who made them. */
  readonly requireUserId: boolean;
  /** Where BROKER_MANAGEMENT_URL is set. */
  readonly management: ManagementApi | undefined;
}

/** Reads variables. Throws ConfigError with all problems. */
export function readVariables<S extends z.ZodObject>(schema: S, environment: Environment): z.infer<S> {
  return valueOrThrow(parseEnvironment(schema, environment));
}

/** Throws ConfigError. */
export function readBrokerAddress(environment: Environment): BrokerAddress {
  const variables = readVariables(brokerVariables, environment);
  const { AMQP_URL, AMQP_CA_FILE, REQUIRE_USER_ID, BROKER_MANAGEMENT_URL } = variables;
  const ca = AMQP_CA_FILE === undefined ? undefined : readCertificate(AMQP_CA_FILE);
  const management =
    BROKER_MANAGEMENT_URL === undefined
      ? undefined
      : new ManagementApi({ url: BROKER_MANAGEMENT_URL, amqpUrl: AMQP_URL, ca });
  return { url: AMQP_URL, ca, requireUserId: REQUIRE_USER_ID, management };
}

function readCertificate(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`AMQP_CA_FILE: ${reason}`], { cause: error });
  }
}

/** What every service reads, beside its own variables and `others`. Throws ConfigError with the problems of all. */
export function configureService<S extends z.ZodObject, T>(
  service: ServiceName,
  environment: Environment,
  own: S,
  others: (environment: Environment) => T,
) {
  const problems = new Problems();
  const common = problems.try(() =>
    readVariables(settingsSchema.extend(httpVariables(service).shape), environment),
  );
  const broker = problems.try(() => readBrokerAddress(environment));
  const variables = problems.try(() => readVariables(own, environment));
  // Whoever knows where the ledger is tells it over HTTP how he is, while the broker takes nothing.
  const ledger =
    service === "ledger" || environment.LEDGER_URL === undefined
      ? undefined
      : problems.try(() => readVariables(ledgerServiceVariables, environment));
  const other = problems.try(() => ({ value: others(environment) }));
  problems.throwAny();
  if (!common || !broker || !variables || !other) throw new Error("a configuration problem was not told");
  return { service, common, broker, ledger, own: variables, others: other.value };
}
