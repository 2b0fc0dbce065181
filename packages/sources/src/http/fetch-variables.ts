import {
  bodyBounds,
  type Environment,
  flag,
  floorVariables,
  httpUrl,
  integer,
  parseEnvironment,
  placesVariable,
  valueOrThrow,
} from "@brigade/core";
import { z } from "zod";
import type { HttpClientOptions } from "./client.ts";
import { readAuthorities, tlsSettings } from "./connecting/trust.ts";
import { crossOriginReferer } from "./origins/same-origin.ts";
import { configuredProxies, type Proxies } from "./proxies/proxies.ts";
import { parseProxy, proxyRule } from "./proxies/proxy-server.ts";
import { extraHeaders, headerValue } from "./requests/extra-headers.ts";

/** A host (then https), or an http(s) URL without a path. Returns `scheme://host[:port]`. */
export const origin = z
  .string()
  .transform((text) => (text.includes("://") ? text : `https://${text}`))
  .pipe(httpUrl)
  .refine((text) => new URL(text).pathname === "/", "must have no path")
  .transform((text) => new URL(text).origin);

/** May hold a user and a password. */
const proxy = z.string().refine((text) => parseProxy(text) !== undefined, proxyRule);

/** What every source that speaks HTTP reads of the environment. */
export const fetchVariables = z.object({
  LIST_PAGE_SIZE: integer({ min: 1, max: 10_000 }).default(1000),
  REFERER: headerValue.optional(),
  USER_AGENT: headerValue.default("bucket-brigade/0.1"),
  EXTRA_HEADERS: extraHeaders.default([]),
  ALLOW_PRIVATE: flag.default(false),
  HTTP_PROXY: proxy.optional(),
  HTTPS_PROXY: proxy.optional(),
  ALL_PROXY: proxy.optional(),
  NO_PROXY: z.string().optional(),
  http_proxy: proxy.optional(),
  https_proxy: proxy.optional(),
  all_proxy: proxy.optional(),
  no_proxy: z.string().optional(),
  SSL_CERT_FILE: z.string().optional(),
  NODE_EXTRA_CA_CERTS: z.string().optional(),
  CONNECT_TIMEOUT_MS: integer({ min: 1 }).default(30_000),
  HEADERS_TIMEOUT_MS: integer({ min: 1 }).default(30_000),
  SILENCE_TIMEOUT_MS: integer({ min: 1 }).default(30_000),
  FETCH_CONCURRENCY: placesVariable(bodyBounds),
});
/**
 * The folder for data that is too long for memory, and the room that stays free there. They are
 * settings of the whole program.
 */
export const stateVariables = {
  STATE_DIR: z.string().optional(),
  MIN_FREE: floorVariables.MIN_FREE,
};

/** The names of the variables that may be of one source. */
export function namesOf({ shape }: z.ZodObject): string[] {
  return Object.keys(shape).filter((name) => !Object.hasOwn(stateVariables, name));
}

export type FetchVariables = z.infer<typeof fetchVariables>;

/** Settings that follow from several variables. */
export interface Routed {
  readonly proxies: Proxies;
}

/**
 * The variables of an adapter, those of the source `name` before others. Throws ConfigError with
 * all problems.
 */
export function readVariables<S extends z.ZodObject>(
  schema: S,
  environment: Environment,
  name: string,
): z.infer<S> & Routed {
  const prefix = variablePrefix(name);
  const variables = valueOrThrow(parseEnvironment(schema, environment, prefix));
  return { ...variables, proxies: configuredProxies(environment, prefix) };
}

/**
 * How a source's connections are made. Throws ConfigError for a file of certificates that cannot be
 * used.
 */
export function clientOptions(variables: FetchVariables & Routed): HttpClientOptions {
  const { SSL_CERT_FILE, NODE_EXTRA_CA_CERTS } = variables;
  return {
    connectTimeoutMs: variables.CONNECT_TIMEOUT_MS,
    headersTimeoutMs: variables.HEADERS_TIMEOUT_MS,
    silenceTimeoutMs: variables.SILENCE_TIMEOUT_MS,
    bodies: variables.FETCH_CONCURRENCY,
    proxies: variables.proxies,
    allowPrivate: variables.ALLOW_PRIVATE,
    tls: tlsSettings(readAuthorities({ SSL_CERT_FILE, NODE_EXTRA_CA_CERTS })),
  };
}

/** Returns the prefix of a source's own variables: `MY_PHOTOS` for `my-photos`. */
export function variablePrefix(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}

/** Referer, User-Agent and extra headers, as name, value, name, value… */
export function visitorHeaders({ REFERER, USER_AGENT, EXTRA_HEADERS }: FetchVariables): string[] {
  return [
    ...(REFERER === undefined ? [] : ["referer", REFERER]),
    ...(hasHeader(EXTRA_HEADERS, "user-agent") ? [] : ["user-agent", USER_AGENT]),
    ...EXTRA_HEADERS,
  ];
}

/**
 * The same for another origin than the configured one, which gets only the origin of the Referer.
 */
export function crossOriginVisitorHeaders({ REFERER, USER_AGENT }: FetchVariables, url: URL): string[] {
  const referer = crossOriginReferer(REFERER, url);
  return ["user-agent", USER_AGENT, ...(referer === undefined ? [] : ["referer", referer])];
}

function hasHeader(headers: readonly string[], name: string): boolean {
  return headers.some((text, index) => index % 2 === 0 && text.toLowerCase() === name);
}
