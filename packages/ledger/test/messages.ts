import type { ObjectResult, Outcome, PageMessage, ResultMessage } from "@brigade/core";
import { job } from "./set-up.ts";

export interface Entry {
  readonly name: string;
  readonly size: number;
}

/** `n` entries: f0 of 100 bytes, f1 of 101, … */
export function entries(n: number): Entry[] {
  return Array.from({ length: n }, (_, i) => ({ name: `f${i}`, size: 100 + i }));
}

type PageFields = Pick<PageMessage, "directory"> & Partial<PageMessage> & { entries?: readonly Entry[] };

export function page({ entries: listed = [], ...fields }: PageFields): PageMessage {
  const { directory, walk = 0, page = 1 } = fields;
  return {
    v: 1,
    type: "page",
    job,
    walk,
    page,
    id: pageId(directory, walk, page),
    end: "last",
    count: listed.length,
    bytes: bytesOf(listed),
    directories: [],
    ...fields,
  };
}

export function pageId(directory: string, walk = 0, page = 1): string {
  return `${directory}:${walk}:${page}`;
}

/** What the page says of indexes that it calls unchanged. */
export function unchanged(listed: readonly Entry[], indexes: readonly number[]): Partial<PageMessage> {
  const bits = Buffer.alloc(Math.ceil(listed.length / 8));
  for (const i of indexes) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  const bytes = bytesOf(listed.filter((_, i) => indexes.includes(i)));
  return { unchanged: bits.toString("base64"), unchangedBytes: bytes };
}

export function object(index: number, { name, size }: Entry, outcome: Outcome, more = {}): ObjectResult {
  const listed = { index, name, outcome, listedSize: size, modified: 1_000 + size };
  if (outcome === "stored") return { ...listed, size, md5: md5Of(name), verified: true, ...more };
  return { ...listed, ...(outcome === "failed" && { reason: `no ${name}` }), ...more };
}

interface ResultFields {
  readonly directory: string;
  readonly objects: readonly ObjectResult[];
  /** The page's id; that of page 1 of walk 0 unless given. */
  readonly id?: string;
  readonly volume?: string | undefined;
  readonly at?: number;
}

export function result(...slices: readonly ResultFields[]): ResultMessage {
  const [first] = slices;
  const volume = first !== undefined && "volume" in first ? first.volume : "vol-a";
  return {
    v: 1,
    type: "result",
    job,
    host: "host-1",
    ...(volume !== undefined && { volume }),
    at: first?.at ?? 1_700_000_000_000,
    pages: slices.map(({ directory, objects, id = pageId(directory) }) => ({
      page: id,
      directory,
      objects: [...objects],
    })),
  };
}

/** All of a page's entries stored. */
export function allStored(
  directory: string,
  listed: readonly Entry[],
  id = pageId(directory),
): ResultMessage {
  return result({ directory, id, objects: listed.map((entry, i) => object(i, entry, "stored")) });
}

function bytesOf(listed: readonly Entry[]): number {
  return listed.reduce((sum, { size }) => sum + size, 0);
}

function md5Of(name: string): string {
  return Buffer.from(name).toString("hex").padEnd(32, "0").slice(0, 32);
}
