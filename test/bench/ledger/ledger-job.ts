import type { Job, ObjectResult, PageMessage, ResultMessage } from "@brigade/core";
import { randomOf } from "../../random.ts";

const pageLength = 1_000;
const pagesPerDirectory = 10;
export const filesPerDirectory = pageLength * pagesPerDirectory;
const batchLength = 64;
const volumes = ["disk-a", "disk-b", "disk-c"] as const;
/** Batches that are being fetched at a time, over all downloaders. */
const inWork = 200;

type RecordMessage = PageMessage | ResultMessage;

/**
 * The messages to a ledger about a bucket of cameras' pictures, all stored: pages in the order of
 * listing, results of the batches in hand in any order. `directories` of 10,000 objects each, below
 * others that hold none.
 */
export function* ledgerMessages(job: Job, directories: number): Generator<RecordMessage> {
  const random = randomOf(1);
  const batches: ResultMessage[] = [];
  for (const [directory, children] of treeOf(directories)) {
    const isLeaf = children.size === 0;
    for (let page = 1; page <= (isLeaf ? pagesPerDirectory : 1); page++) {
      const id = `${directory}#${page}`;
      if (isLeaf) {
        for (let from = 0; from < pageLength; from += batchLength) {
          batches.push(result(job, { id, directory, page }, from, random));
          if (batches.length > inWork) yield taken(batches, random);
        }
      }
      const last = !isLeaf || page === pagesPerDirectory;
      yield {
        v: 1,
        type: "page",
        job,
        directory,
        walk: 0,
        page,
        id,
        end: last ? "last" : "more",
        ...(!last && { next: { directory, walk: 0, page: page + 1, cursor: `cursor-of-${id}` } }),
        count: isLeaf ? pageLength : 0,
        bytes: isLeaf ? pageBytes(page) : 0,
        directories: [...children],
      };
    }
  }
  while (batches.length > 0) yield taken(batches, random);
}

/** The directory and the name of one of the objects. */
export function objectAt(n: number): { directory: string; name: string } {
  return { directory: directoryAt(Math.floor(n / filesPerDirectory)), name: nameOf(n % filesPerDirectory) };
}

/** A day of a camera. */
function directoryAt(n: number): string {
  const two = (value: number) => String(value + 1).padStart(2, "0");
  const [camera, day, month] = [n % 10, Math.floor(n / 10) % 28, Math.floor(n / 280) % 12];
  return `${2010 + Math.floor(n / 3360)}/${two(month)}/${two(day)}/cam-${camera}`;
}

/** Every directory with its children, parents first. */
function treeOf(directories: number): Map<string, Set<string>> {
  const tree = new Map<string, Set<string>>([["", new Set()]]);
  for (let n = 0; n < directories; n++) {
    let parent = "";
    for (const name of directoryAt(n).split("/")) {
      const path = parent === "" ? name : `${parent}/${name}`;
      tree.get(parent)?.add(path);
      if (!tree.has(path)) tree.set(path, new Set());
      parent = path;
    }
  }
  return tree;
}

function result(
  job: Job,
  { id, directory, page }: { id: string; directory: string; page: number },
  from: number,
  random: () => number,
): ResultMessage {
  const objects: ObjectResult[] = [];
  for (let index = from; index < Math.min(from + batchLength, pageLength); index++) {
    const n = (page - 1) * pageLength + index;
    const size = sizeOf(n);
    objects.push({
      index,
      name: nameOf(n),
      outcome: "stored",
      listedSize: size,
      modified: 1_558_000_000 + n,
      size,
      md5: hex(random) + hex(random) + hex(random) + hex(random),
      verified: true,
    });
  }
  const volume = volumes[Math.floor(random() * volumes.length)] ?? volumes[0];
  return {
    v: 1,
    type: "result",
    job,
    host: `host-of-${volume}`,
    volume,
    at: Date.now(),
    pages: [{ page: id, directory, objects }],
  };
}

function taken(batches: ResultMessage[], random: () => number): ResultMessage {
  const [batch] = batches.splice(Math.floor(random() * batches.length), 1);
  if (batch === undefined) throw new Error("no batch is left");
  return batch;
}

function nameOf(n: number): string {
  return `IMG_${String(n).padStart(8, "0")}.jpg`;
}

/** Bytes. */
function sizeOf(n: number): number {
  return 20_000 + ((n * 7_919) % 26_000);
}

function pageBytes(page: number): number {
  let sum = 0;
  for (let n = (page - 1) * pageLength; n < page * pageLength; n++) sum += sizeOf(n);
  return sum;
}

function hex(random: () => number): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
}
