import { createHash } from "node:crypto";
import type { Environment } from "@brigade/core";
import { z } from "zod";
import {
  fetchVariables,
  namesOf,
  origin,
  type Routed,
  readVariables,
  stateVariables,
} from "../http/fetch-variables.ts";

const separators = "!-_";

/**
 * Every variable that this adapter reads; for a source named `photos`, `PHOTOS_<NAME>` counts
 * before `<NAME>`.
 */
const schema = fetchVariables
  .extend({
    ...stateVariables,
    UPYUN_OPERATOR: z.string().regex(/^[^:\s]+$/, "must be an operator's name"),
    UPYUN_PASSWORD: z.string(),
    UPYUN_ENDPOINT: origin.default("https://v0.api.upyun.com"),
    UPYUN_AUTH: z.enum(["signature", "basic"]).default("signature"),
    UPYUN_LIST_FORMAT: z.enum(["text", "json"]).default("text"),
    UPYUN_DOMAIN: origin.optional(),
    UPYUN_VERSION: z
      .string()
      .regex(/^[!\-_][\w.~/,!*@-]+$/, "must be the separator (one of ! - _) and a version, such as !s400")
      .optional(),
    UPYUN_SEPARATOR: z.enum(["!", "-", "_"]).optional(),
    UPYUN_VERSION_FALLBACK: z.enum(["original", "fail"]).default("original"),
    UPYUN_TOKEN_SECRET: z.string().optional(),
  })
  .refine(({ UPYUN_AUTH, UPYUN_ENDPOINT }) => UPYUN_AUTH !== "basic" || isConfidential(UPYUN_ENDPOINT), {
    path: ["UPYUN_AUTH"],
    error: "basic would send the password readable over http: use https, or signature",
    when: always,
  })
  .refine(({ UPYUN_VERSION, UPYUN_DOMAIN }) => UPYUN_VERSION === undefined || UPYUN_DOMAIN !== undefined, {
    path: ["UPYUN_VERSION"],
    error: "needs UPYUN_DOMAIN: image versions exist on the public domain only",
    when: always,
  })
  .refine(
    ({ UPYUN_VERSION, UPYUN_SEPARATOR }) =>
      UPYUN_SEPARATOR === undefined ||
      UPYUN_VERSION === undefined ||
      UPYUN_VERSION.startsWith(UPYUN_SEPARATOR),
    { path: ["UPYUN_VERSION"], error: "must begin with UPYUN_SEPARATOR", when: always },
  );

/**
 * Cross checks run beside the others, so that all problems are reported together; broken fields are
 * absent there.
 */
function always(): boolean {
  return true;
}

function isConfidential(endpoint: unknown): boolean {
  if (typeof endpoint !== "string" || !endpoint.startsWith("http:")) return true;
  return /^http:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(endpoint);
}

type Variables = z.infer<typeof schema>;

/** The adapter's settings: variables, and values that follow from them. */
export interface UpyunConfig extends Variables, Routed {
  readonly bucket: string;
  readonly separator: string;
}

/** Throws ConfigError with all problems. `name`: the source's. */
export function readConfig(environment: Environment, bucket: string, name: string): UpyunConfig {
  const variables = readVariables(schema, environment, name);
  const { UPYUN_VERSION, UPYUN_SEPARATOR } = variables;
  return Object.freeze({
    ...variables,
    bucket,
    separator: UPYUN_SEPARATOR ?? UPYUN_VERSION?.[0] ?? separators.charAt(0),
  });
}

/** The names of all variables, for documentation and its tests. */
export const upyunVariables: readonly string[] = namesOf(schema);

/**
 * A hash of everything that decides which bytes come back. The endpoint is left out, because its
 * four hosts serve the same bucket.
 */
export function fingerprint(config: UpyunConfig): string {
  const { bucket, separator, UPYUN_DOMAIN: domain, UPYUN_VERSION: version, UPYUN_VERSION_FALLBACK } = config;
  const host = domain === undefined ? null : new URL(domain).host;
  const variant = version === undefined ? null : [version, UPYUN_VERSION_FALLBACK, separator];
  return createHash("sha256")
    .update(JSON.stringify(["upyun", bucket, host, variant]))
    .digest("hex");
}
