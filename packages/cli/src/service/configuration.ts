import type { Environment } from "@brigade/core";
import type { z } from "zod";
import { readBrokerAddress } from "../settings/broker-address.ts";
import { readVariables } from "../settings/environment.ts";
import { Problems } from "../settings/problems.ts";
import {
  httpVariables,
  ledgerServiceVariables,
  type ServiceName,
  settingsSchema,
} from "../settings/settings.ts";

/**
 * Reads what every service needs, its `own` variables, and `others`. Throws ConfigError with all
 * problems.
 */
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
  // While the broker accepts no messages, a service reports to the ledger over HTTP.
  const ledger =
    service === "ledger" || environment.LEDGER_URL === undefined
      ? undefined
      : problems.try(() => readVariables(ledgerServiceVariables, environment));
  const other = problems.try(() => ({ value: others(environment) }));
  problems.throwAny();
  if (!common || !broker || !variables || !other) throw new Error("a configuration problem was not reported");
  return { service, common, broker, ledger, own: variables, others: other.value };
}
