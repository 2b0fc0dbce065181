import { httpUrl, integer } from "@brigade/core";
import { z } from "zod";
import type { HttpClientOptions } from "./client.ts";
import { extraHeaders, headerValue } from "./extra-headers.ts";
import { configuredProxies, parseProxy, proxyRule } from "./proxies.ts";
import { tlsSettings } from "./trust.ts";

/** A host (then https), or an http(s) URL without a path. Gives `scheme://host[:port]`. */
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
  FETCH_CONCURRENCY: integer({ min: 1, max: 4096 }).default(64),
});
type FetchVariables = z.infer<typeof fetchVariables>;

/** How a source's connections are made. Throws ConfigError for a file of certificates that cannot be used. */
export function clientOptions(variables: FetchVariables): HttpClientOptions {
  const { HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS } = variables;
  const { http_proxy, https_proxy, all_proxy, no_proxy } = variables;
  return {
    connectTimeoutMs: variables.CONNECT_TIMEOUT_MS,
    headersTimeoutMs: variables.HEADERS_TIMEOUT_MS,
    silenceTimeoutMs: variables.SILENCE_TIMEOUT_MS,
    bodies: variables.FETCH_CONCURRENCY,
    proxies: configuredProxies({
      ...{ HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY },
      ...{ http_proxy, https_proxy, all_proxy, no_proxy },
    }),
    tls: tlsSettings({ SSL_CERT_FILE, NODE_EXTRA_CA_CERTS }),
  };
}

/** What a source's own variables begin with: `MY_PHOTOS` for `my-photos`. */
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

function hasHeader(headers: readonly string[], name: string): boolean {
  return headers.some((text, index) => index % 2 === 0 && text.toLowerCase() === name);
}
