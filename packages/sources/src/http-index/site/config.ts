import { createHash } from "node:crypto";
import type { Environment } from "@brigade/core";
import { z } from "zod";
import {
  fetchVariables,
  namesOf,
  type Routed,
  readVariables,
  stateVariables,
} from "../../http/fetch-variables.ts";

const schema = fetchVariables
  .extend({
    ...stateVariables,
    SITE_USER: z
      .string()
      .regex(/^[^:]+$/, "must be a user's name, without a colon")
      .optional(),
    SITE_PASSWORD: z.string().optional(),
  })
  .refine(({ SITE_USER, SITE_PASSWORD }) => SITE_PASSWORD === undefined || SITE_USER !== undefined, {
    path: ["SITE_USER"],
    error: "is needed with SITE_PASSWORD",
  });

/** The names of all variables. */
export const siteVariables: readonly string[] = namesOf(schema);

/** The adapter's settings. */
export interface SiteConfig extends z.infer<typeof schema>, Routed {
  /** `https://host[:port]`. */
  readonly origin: string;
}

/** Throws ConfigError with all problems. `name`: the source's. */
export function readSiteConfig(environment: Environment, origin: string, name: string): SiteConfig {
  const variables = readVariables(schema, environment, name);
  return Object.freeze({ ...variables, origin });
}

/** The host alone decides which bytes come: over http and https they are the same. */
export function siteFingerprint({ origin }: SiteConfig): string {
  return createHash("sha256")
    .update(JSON.stringify(["http", new URL(origin).host]))
    .digest("hex");
}
