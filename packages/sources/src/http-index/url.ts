import { ConfigError, NameError } from "@brigade/core";
import { assertRequestable } from "../http/requests/encode.ts";
import { withoutCredentials } from "../reference/credentials-in-url.ts";
import { type SourceReference, sourceName } from "../reference/source-reference.ts";
import { readSiteConfig } from "./site/config.ts";
import { HttpIndex } from "./source.ts";

/**
 * `http(s)://host/path/`: a web server's index pages, this directory and all below it. Keys are
 * paths from the host's root, so that keys of two directories of one host never collide.
 */
export function parseSiteUrl(text: string): SourceReference {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (why: string, cause?: unknown) =>
    new ConfigError([`${withoutCredentials(text)}: ${why}`], { cause });
  if (url === undefined || url.hostname === "") throw refuse("must be http(s)://host/path/");
  if (url.username !== "" || url.password !== "")
    throw refuse("give the user and the password as SITE_USER and SITE_PASSWORD, not in the URL");
  if (url.search !== "" || url.hash !== "") throw refuse("must have no ? and no #");
  const prefix = decode(url.pathname, refuse).replace(/^\//, "").replace(/\/$/, "");
  try {
    if (prefix !== "") assertRequestable(prefix);
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    throw refuse(`the path ${error.message}`, error);
  }
  return {
    name: sourceName(url.host),
    prefix,
    create: (environment, name) => new HttpIndex(readSiteConfig(environment, url.origin, name)),
  };
}

function decode(path: string, refuse: (why: string, cause: unknown) => ConfigError): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    throw refuse("its path is not UTF-8", error);
  }
}
