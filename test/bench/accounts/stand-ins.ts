import { createHash } from "node:crypto";
import type { FileEntry, FilesMessage, ResultMessage, Source } from "@brigade/core";

/** As UpYun's pages are by default. */
const pageLength = 1_000;
export const filesPerDirectory = 10_000;

/**
 * A source that has its pages in memory, so that listing costs next to nothing: directories of
 * 10,000 files, of the same names in all of them. `objects`: a multiple of that.
 */
export function memorySource(objects: number): Source {
  const directories = Array.from({ length: objects / filesPerDirectory }, (_, n) => `cam-${n}`);
  const pages = Array.from({ length: filesPerDirectory / pageLength }, (_, page) =>
    Array.from({ length: pageLength }, (_, n) => fileAt(page * pageLength + n)),
  );
  return {
    fingerprint: "bench",
    variant: undefined,
    manyOrigins: false,
    async listPage(directory, cursor) {
      if (directory === "") return { files: [], directories, next: undefined };
      const page = Number(cursor ?? 0);
      const next = page + 1 < pages.length ? String(page + 1) : undefined;
      return { files: pages[page] ?? [], directories: [], next };
    },
    open: () => Promise.reject(new Error("no body is fetched here")),
    stat: () => Promise.reject(new Error("nothing is asked about an object here")),
  };
}

function fileAt(n: number): FileEntry {
  return {
    name: `IMG_${String(n).padStart(8, "0")}.jpg`,
    size: 20_000 + ((n * 7_919) % 26_000),
    modified: 1_558_000_000 + n,
  };
}

/** More than fit into what SQLite or V8 could keep of them at once. */
const sums = Array.from({ length: 65_536 }, (_, n) => createHash("md5").update(String(n)).digest("hex"));
let lastSum = 0;

/** What a downloader answers to a batch when all is stored. */
export function resultOf(
  { job, slices }: FilesMessage,
  { host, at }: { readonly host: string; readonly at: number },
): ResultMessage {
  return {
    v: 1,
    type: "result",
    job,
    host,
    volume: "volume",
    at,
    pages: slices.map(({ page, directory, files }) => ({
      page,
      directory,
      objects: files.map(({ index, name, size = 0, modified, etag }) => ({
        index,
        name,
        outcome: "stored",
        listedSize: size,
        modified,
        etag,
        size,
        md5: sums[lastSum++ % sums.length],
        verified: true,
        path: undefined,
        at: Math.floor(at / 1000),
      })),
    })),
  };
}
