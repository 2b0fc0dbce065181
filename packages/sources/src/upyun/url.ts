import { ConfigError, NameError } from "@brigade/core";
import { assertRequestable } from "../http/requests/encode.ts";
import { withoutCredentials } from "../reference/credentials-in-url.ts";
import { type SourceReference, sourceName } from "../reference/source-reference.ts";
import { createUpyunSource } from "./source.ts";

/**
 * `upyun://<bucket>/<prefix>`. The prefix is a directory, and is not decoded: a percent sign, `?`
 * and `#` are plain characters. A slash at its end makes no difference.
 */
export function parseUpyunUrl(url: string): SourceReference {
  const [, bucket, rest = ""] = /^upyun:\/\/([^/]*)(.*)$/is.exec(url) ?? [];
  if (bucket === undefined || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(bucket))
    throw new ConfigError([`${withoutCredentials(url)}: must be upyun://<bucket>/<prefix>`]);
  const prefix = rest.replace(/^\//, "").replace(/\/$/, "");
  if (prefix !== "") assertPrefix(prefix, url);
  return {
    name: sourceName(bucket),
    prefix,
    create: (environment, name) => createUpyunSource(environment, bucket, name),
  };
}

function assertPrefix(prefix: string, url: string): void {
  try {
    assertRequestable(prefix);
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    throw new ConfigError([`${url}: the prefix ${error.message}`], { cause: error });
  }
}
