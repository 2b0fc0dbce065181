import { flag } from "@brigade/core";
import { z } from "zod";
import { parseManagementAddress } from "../management/address.ts";
import { addressRule, parseAddresses } from "./connecting/address.ts";

/** The variables of the environment that concern RabbitMQ. */
export const brokerVariables = z.object({
  /**
   * amqp[s]://user:password@host[:port][/vhost], percent-encoded; several are separated by blanks.
   */
  AMQP_URL: z.string().refine((text) => parseAddresses(text) !== undefined, addressRule),
  /** PEM file of the CA that signed the broker's certificate, if that is a private CA. */
  AMQP_CA_FILE: z.string().optional(),
  /** Records and directories must say who made them. */
  REQUIRE_USER_ID: flag.default(false),
  /** http[s]://user:password@host[:port], percent-encoded. */
  BROKER_MANAGEMENT_URL: z
    .string()
    .refine(
      (text) => parseManagementAddress(text) !== undefined,
      "must be an http:// or https:// URL such as http://user:password@host:15672 (special characters as %XX)",
    )
    .optional(),
});
