import { readFileSync } from "node:fs";
import { brokerVariables, ManagementApi } from "@brigade/broker";
import { ConfigError, type Environment } from "@brigade/core";
import { readVariables } from "./environment.ts";

/** Where the broker is. */
export interface BrokerAddress {
  readonly url: string;
  /** A private CA, as PEM; `undefined` if the usual ones are trusted. */
  readonly ca: string | undefined;
  /** Records and directories must say who made them. */
  readonly requireUserId: boolean;
  /** `undefined` if BROKER_MANAGEMENT_URL is not set. */
  readonly management: ManagementApi | undefined;
}

/** Reads where the broker is. Throws ConfigError. */
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
