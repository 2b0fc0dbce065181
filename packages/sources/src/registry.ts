import { ConfigError, type Environment, sourceNameSchema } from "@brigade/core";
import { variablePrefix } from "./http/fetch-variables.ts";
import { siteVariables } from "./http-index/site/config.ts";
import { parseSiteUrl } from "./http-index/url.ts";
import { hasCredentials, withoutCredentials } from "./reference/credentials-in-url.ts";
import type { SourceParser, SourceReference } from "./reference/source-reference.ts";
import { upyunVariables } from "./upyun/config.ts";
import { parseUpyunUrl } from "./upyun/url.ts";
import { parseListUrl } from "./url-list/url.ts";

/**
 * Every adapter, by the scheme of its URLs. A new one is a folder beside `upyun/` and a line here.
 */
const adapters: Readonly<Record<string, SourceParser>> = {
  upyun: parseUpyunUrl,
  http: parseSiteUrl,
  https: parseSiteUrl,
  list: parseListUrl,
};

/**
 * `upyun://bucket/prefix`, `https://host/path/`, `list:<file>`, or the name of a configured source:
 * with `SOURCES=photos=upyun://bucket/prefix` in the environment, `photos` means that bucket under
 * that name. Throws ConfigError.
 */
export function parseSource(text: string, environment: Environment): SourceReference {
  if (text.includes(":")) return parseUrl(text);
  const configured = configuredSources(environment);
  const url = configured.get(text);
  if (url === undefined) {
    const known =
      configured.size === 0 ? "SOURCES names none" : `SOURCES names ${[...configured.keys()].join(", ")}`;
    throw new ConfigError([`"${text}": neither a URL nor a configured source (${known})`]);
  }
  return { ...parseUrl(url), name: text };
}

/** Every variable that some adapter reads. */
export const sourceVariables: readonly string[] = [...new Set([...upyunVariables, ...siteVariables])];

/**
 * The names that SOURCES configures, in its order. Throws ConfigError with all problems; URLs are
 * not looked at.
 */
export function sourceNames(environment: Environment): string[] {
  return [...configuredSources(environment).keys()];
}

/** `name=url` pairs, separated by blanks. Throws ConfigError with all problems. */
function configuredSources(environment: Environment): Map<string, string> {
  const text = environment.SOURCES ?? "";
  const problems: string[] = [];
  const sources = new Map<string, string>();
  for (const [index, pair] of text.trim().split(/\s+/).entries()) {
    if (pair === "") continue;
    const [, name = "", url = ""] = /^([^=]*)=(.*)$/.exec(pair) ?? [];
    // A password may have blanks, and so be in any part.
    const shown = text.includes("@") ? `its part ${index + 1}` : `"${pair}"`;
    if (!sourceNameSchema.safeParse(name).success) problems.push(`SOURCES: ${shown} is not name=url`);
    else if (sources.has(name)) problems.push(`SOURCES: "${name}" is named twice`);
    else if (hasCredentials(url)) problems.push(credentialsRefused(name, url));
    else if (/^list:-$/i.test(url))
      problems.push(`SOURCES: "${name}": standard input is for the command line only`);
    sources.set(name, url);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return sources;
}

/** Services that need no password, such as the ledger, get SOURCES, too. */
function credentialsRefused(name: string, url: string): string {
  const prefix = variablePrefix(name);
  const variables = /^upyun:/i.test(url)
    ? `${prefix}_UPYUN_OPERATOR and ${prefix}_UPYUN_PASSWORD`
    : `${prefix}_SITE_USER and ${prefix}_SITE_PASSWORD`;
  return `SOURCES: "${name}": its URL has a user or a password in it: set ${variables} instead`;
}

function parseUrl(text: string): SourceReference {
  const scheme = text.slice(0, text.indexOf(":")).toLowerCase();
  const parse = Object.hasOwn(adapters, scheme) ? adapters[scheme] : undefined;
  if (parse === undefined)
    throw new ConfigError([
      `${withoutCredentials(text)}: sources are ${Object.keys(adapters)
        .map((known) => (known === "list" ? "list:<file>" : `${known}://…`))
        .join(", ")}`,
    ]);
  return parse(text);
}
