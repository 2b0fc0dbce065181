import { statSync } from "node:fs";
import { basename } from "node:path";
import { ConfigError } from "@brigade/core";
import { type SourceReference, sourceName } from "../reference/source-reference.ts";
import { readListConfig } from "./config.ts";
import { UrlList } from "./source.ts";

/**
 * `list:<file>`, plain or packed (gzip, zstd); `list:-` is standard input. Keys are those of the
 * list, or follow from its URLs.
 */
export function parseListUrl(text: string): SourceReference {
  const path = text.slice("list:".length);
  if (path === "") throw new ConfigError([`${text}: must be list:<file>, or list:- for standard input`]);
  if (path === "-") return reference({ path: undefined, label: "stdin" }, "stdin", assertPiped);
  const label = basename(path);
  const name = sourceName(label.replace(/(\.(gz|zst))?$/i, "").replace(/\.(txt|tsv|list|urls?)$/i, ""));
  return reference({ path, label }, name === "" ? "list" : name, () => assertFile(path));
}

function reference(
  file: { readonly path: string | undefined; readonly label: string },
  name: string,
  check: () => void,
): SourceReference {
  return {
    name,
    prefix: "",
    create(environment, name) {
      check();
      return new UrlList(readListConfig(environment, file, name));
    },
  };
}

function assertPiped(): void {
  if (process.stdin.isTTY)
    throw new ConfigError(["list:-: standard input is a terminal: pipe the list into it"]);
}

function assertFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new ConfigError([`list:${path}: there is no such file`]);
  if (stats.isDirectory()) throw new ConfigError([`list:${path}: this is a folder`]);
}
