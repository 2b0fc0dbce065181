import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { parseSource } from "../../src/index.ts";
import { type OpenSource, sourceConformance } from "../conformance.ts";
import { serve } from "../scenario.ts";
import { sendFile } from "../small-site.ts";

function open(pack: (text: string) => string | Uint8Array): OpenSource {
  return async (t, setup) => {
    const { url } = await serve(t, (request, response) => {
      if (request.method === "HEAD") return void response.writeHead(403).end("signed for GET only");
      sendFile(setup, request, response, decodeURIComponent((request.url ?? "").slice(1)));
    });
    const folder = mkdtempSync(join(tmpdir(), "list-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const lines = [...setup.objects].map(
      ([key, { byteLength }]) => `${key}\t${url}/${encodeURIComponent(key)}\t${byteLength}\n`,
    );
    const file = join(folder, "urls");
    if (setup.gone !== undefined) lines.push(`${setup.gone}\t${url}/${encodeURIComponent(setup.gone)}\n`);
    if (setup.stalledListing === undefined) writeFileSync(file, pack(lines.join("")));
    else keepOpen(t, file);
    const environment = {
      LIST_PAGE_SIZE: String(setup.pageSize),
      STATE_DIR: join(folder, "state"),
      ALLOW_PRIVATE: "true",
    };
    const source = parseSource(`list:${file}`, {}).create(environment, "urls");
    t.after(() => source[Symbol.asyncDispose]());
    return source;
  };
}

/** A pipe into which nothing comes. */
function keepOpen(t: TestContext, path: string): void {
  execFileSync("mkfifo", [path]);
  const descriptor = openSync(path, "r+");
  t.after(() => closeSync(descriptor));
}

const undated = { dated: false };
sourceConformance(
  "a list",
  open((text) => text),
  undated,
);
sourceConformance("a list in gzip", open(gzipSync), undated);
sourceConformance("a list in zstd", open(zstdCompressSync), undated);
