import assert from "node:assert/strict";
import type { Entries } from "../../../src/http-index/documents/entries.ts";
import {
  type HtmlIndexOf,
  parseHtmlIndex as readHtml,
} from "../../../src/http-index/documents/html-index.ts";
import { parseJsonIndex as readJson } from "../../../src/http-index/documents/json-index.ts";
import type { Listed } from "../../../src/http-index/site/listed.ts";
import { StateFolder } from "../../../src/pages/state-folder.ts";

export const folder = new StateFolder(undefined, { amount: 0 });

export async function* piecesOf(text: string, length: number): AsyncGenerator<string, void, void> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

/** What is read of a text is the same however it is cut. */
async function inAnyPieces(
  text: string,
  read: (pieces: AsyncIterable<string>) => Promise<Entries | undefined>,
): Promise<Listed[] | undefined> {
  const results: PromiseSettledResult<Listed[] | undefined>[] = [];
  for (const length of [text.length + 1, 5, 31]) {
    const reading = read(piecesOf(text, length)).then((found) => found?.slice(0, found.length));
    results.push(...(await Promise.allSettled([reading])));
  }
  for (const other of results) assert.deepEqual(other, results[0]);
  const [first] = results;
  if (first?.status === "rejected") throw first.reason;
  return first?.value;
}

export const parseHtmlIndex = (text: string, of: HtmlIndexOf) =>
  inAnyPieces(text, (pieces) => readHtml(pieces, of, folder));

export async function parseHtmlPieces(
  pieces: AsyncIterable<string>,
  of: HtmlIndexOf,
): Promise<Listed[] | undefined> {
  const found = await readHtml(pieces, of, folder);
  return found?.slice(0, found.length);
}

export const parseJsonIndex = (text: string) => inAnyPieces(text, (pieces) => readJson(pieces, folder));
