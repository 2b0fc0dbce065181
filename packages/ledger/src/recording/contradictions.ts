import type { ObjectResult, PageMessage } from "@brigade/core";
import { isMd5, MessageError } from "@brigade/core/thread";
import type { PageAccount } from "../tables/pages.ts";

/** No listing has pages of more entries. A larger index is wrong, and would cost memory. */
export const mostEntries = 1_000_000;

/** Throws MessageError if the page's record contradicts what is known of the page. */
export function checkPlace(page: PageAccount, directory: number, message: PageMessage): void {
  if (page.position !== undefined || page.directory !== directory) {
    throw new MessageError(`the page id ${message.id} stands for another position already`);
  }
  if (page.outcomes.length > message.count) {
    throw new MessageError(
      `the page ${message.id} has ${message.count} entries, but a result for a later one`,
    );
  }
}

/**
 * Throws MessageError if results of a page contradict what is known of the page. `directory`: its
 * number, if it has one.
 */
export function checkSlice(
  page: PageAccount | undefined,
  id: string,
  directory: number | undefined,
  objects: readonly ObjectResult[],
  volume: string | undefined,
): void {
  if (page !== undefined && page.directory !== directory) {
    throw new MessageError(`the page ${id} is of another directory`);
  }
  checkObjects(id, page?.position === undefined ? mostEntries : page.counts.listed, objects, volume);
}

export function checkObjects(
  id: string,
  entries: number,
  objects: readonly ObjectResult[],
  volume: string | undefined,
): void {
  for (const { index, outcome, md5 } of objects) {
    if (index >= entries) throw new MessageError(`the page ${id} has no entry ${index}`);
    if (outcome !== "stored") continue;
    if (volume === undefined)
      throw new MessageError(`entry ${index} of the page ${id} is stored on no volume`);
    if (md5 !== undefined && !isMd5(md5)) {
      throw new MessageError(`entry ${index} of the page ${id} has no readable MD5`);
    }
  }
}

export function readBitmap({ id, unchanged, count }: PageMessage): Uint8Array {
  if (count > mostEntries) throw new MessageError(`the page ${id} has ${count} entries`);
  return unchanged === undefined ? new Uint8Array(0) : Buffer.from(unchanged, "base64");
}
