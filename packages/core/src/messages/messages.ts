import { z } from "zod";
import { MessageError } from "../failures.ts";
import { pathInsideSchema } from "../path-inside.ts";
import { sizeSchema, sumSchema } from "../size-schemas.ts";
import { listOf, parseBounded } from "./bounded-json.ts";
import { filtersSchema, jobSchema } from "./job.ts";
import { suspicionSchema } from "./suspicion.ts";

/** Raised when a message changes so that an older consumer would misread it. */
const version = z.literal(1);

const count = z.int().nonnegative();
const pageId = z.string().min(1);
const directoryPath = z.string();

/**
 * Where a walk of a directory stands: the page to be listed next. Pages count from 1, walks from 0.
 */
export const walkPositionSchema = z.object({
  directory: directoryPath,
  walk: count,
  page: z.int().positive(),
  /** Absent on page 1. */
  cursor: z.string().optional(),
  /**
   * An earlier cursor of this walk: meeting it again means that the listing runs in a circle (Brent
   * 1980).
   */
  landmark: z.string().optional(),
});
export type WalkPosition = z.infer<typeof walkPositionSchema>;

/** Work for the lister. Several small directories may share one. */
export const directoryMessageSchema = z.object({
  v: version,
  type: z.literal("directory"),
  job: jobSchema,
  filters: filtersSchema,
  positions: listOf(walkPositionSchema, { least: 1 }),
  /** Times this work was tried and failed by its own fault. */
  attempt: count,
  suspicion: suspicionSchema.exactOptional(),
  /**
   * It was published while somebody was at work on it: some of it may be done, or still be in hand.
   */
  inHand: z.literal(true).exactOptional(),
  /**
   * The job goes on after messages were lost. Each child directory that these positions name may be
   * listed already; every directory that is not has a message of its own. What comes of this message
   * has the same mark.
   */
  again: z.literal(true).exactOptional(),
});
export type DirectoryMessage = z.infer<typeof directoryMessageSchema>;

const listedFileSchema = z.object({
  /**
   * Position among the page's entries, from 0: with the page id, the object's name in the accounts.
   */
  index: count,
  name: z.string().min(1),
  /** Bytes of the original; absent where the listing lacks it. */
  size: sizeSchema.optional(),
  /** Unix seconds; absent where the listing lacks it. */
  modified: z.int().optional(),
  etag: z.string().optional(),
  /** The size is that of a HEAD, which may be wrong. */
  unproven: z.literal(true).optional(),
});
export type ListedFile = z.infer<typeof listedFileSchema>;

const sliceSchema = z.object({
  page: pageId,
  directory: directoryPath,
  files: listOf(listedFileSchema, { least: 1 }),
});
/** Some files of one page. */
export type Slice = z.infer<typeof sliceSchema>;

/** Witnesses that a message may have. Listers send fewer. */
const mostWitnesses = 64;
const witnessSchema = z.object({
  key: z.string().min(1),
  size: sizeSchema.exactOptional(),
});
/**
 * An object that an earlier run stored and that is listed unchanged. If it comes, the source gives
 * its objects.
 */
export type Witness = z.infer<typeof witnessSchema>;

/** Work for a downloader: one batch. */
export const filesMessageSchema = z.object({
  v: version,
  type: z.literal("files"),
  job: jobSchema,
  slices: listOf(sliceSchema, { least: 1 }),
  attempt: count,
  /** Absent if the lister has seen no unchanged object, and in messages of an earlier version. */
  witnesses: listOf(witnessSchema, { most: mostWitnesses }).exactOptional(),
  suspicion: suspicionSchema.exactOptional(),
  /**
   * It was published while somebody was at work on it: some of it may be done, or still be in hand.
   */
  inHand: z.literal(true).exactOptional(),
});
export type FilesMessage = z.infer<typeof filesMessageSchema>;

/** For the ledger: one page was listed, and what it asks for. */
export const pageMessageSchema = z.object({
  v: version,
  type: z.literal("page"),
  job: jobSchema,
  directory: directoryPath,
  walk: count,
  page: z.int().positive(),
  id: pageId,
  /**
   * `more`: another page follows. `last`: the directory ends here. `failed`: it could not be listed
   * on from here.
   */
  end: z.enum(["more", "last", "failed"]),
  /** With `more`: where the next page starts. */
  next: walkPositionSchema.optional(),
  reason: z.string().optional(),
  /** The page's entries, filtered-out ones not among them: indexes run from 0 to count - 1. */
  count,
  /** Listed bytes of those. */
  bytes: sumSchema,
  /**
   * Base64 of a bitmap, bit i of byte i>>3 (least significant first): entry i is stored already and
   * has not changed.
   */
  unchanged: z.string().optional(),
  unchangedBytes: sumSchema.optional(),
  /** Full paths of the child directories named on this page (those that are to be walked). */
  directories: listOf(directoryPath),
  /**
   * Entries that may be directories, and that nobody can list: which, and why, for people. The
   * directory is not wholly listed.
   */
  unlisted: z.string().exactOptional(),
});
export type PageMessage = z.infer<typeof pageMessageSchema>;

/**
 * For the ledger: a part of a page's record that is too large for one message. It counts when all
 * parts have come.
 */
export const pagePartMessageSchema = z.object({
  v: version,
  type: z.literal("page-part"),
  job: jobSchema,
  /** From 1. */
  number: z.int().positive(),
  of: z.int().positive().max(10_000),
  /** The same in all parts, but for `directories`: each part has some of them. */
  record: pageMessageSchema,
});
export type PagePartMessage = z.infer<typeof pagePartMessageSchema>;

export const outcomeSchema = z.enum(["stored", "unchanged", "vanished", "failed"]);
export type Outcome = z.infer<typeof outcomeSchema>;

const objectResultSchema = z.object({
  index: count,
  name: z.string(),
  outcome: outcomeSchema,
  /**
   * As listed, or as the store's metadata said later when that was newer. Bytes, 0 where unknown;
   * Unix seconds.
   */
  listedSize: sizeSchema,
  /** Of `stored` always; otherwise absent where the listing lacks it. */
  modified: z.int().optional(),
  etag: z.string().optional(),
  /** Bytes on disk; of `stored` only, like the three below. */
  size: sizeSchema.optional(),
  md5: z.string().optional(),
  /** The source gave an MD5 and it was this one. */
  verified: z.boolean().optional(),
  /** Path below `<volume>/<source>/` where it is not the key itself. */
  path: pathInsideSchema.optional(),
  /** When it was stored, Unix seconds; by default when the message was made. */
  at: count.optional(),
  /** Why it failed, for people. */
  reason: z.string().optional(),
  /** The kind of failure, to choose by (`failureClass`); of `failed` only. */
  class: z.string().optional(),
});
export type ObjectResult = z.infer<typeof objectResultSchema>;

/** For the ledger: what became of some objects. */
export const resultMessageSchema = z.object({
  v: version,
  type: z.literal("result"),
  job: jobSchema,
  host: z.string(),
  /** The volume's id; absent where nothing was stored. */
  volume: z.string().optional(),
  /** Unix milliseconds. */
  at: z.int(),
  pages: listOf(
    z.object({ page: pageId, directory: directoryPath, objects: listOf(objectResultSchema, { least: 1 }) }),
    { least: 1 },
  ),
});
export type ResultMessage = z.infer<typeof resultMessageSchema>;

/** Whether some of this work may be done already. `isRepeated`: as in Delivery. */
export function mayBeDone(
  { suspicion, inHand }: FilesMessage | DirectoryMessage,
  isRepeated: boolean,
): boolean {
  return isRepeated || suspicion !== undefined || inHand === true;
}

const messageSchema = z.discriminatedUnion("type", [
  directoryMessageSchema,
  filesMessageSchema,
  pageMessageSchema,
  pagePartMessageSchema,
  resultMessageSchema,
]);
export type Message = z.infer<typeof messageSchema>;

/**
 * A message that a newer program has made: it is to wait for one that can read it. `needs`: what
 * this one does not read.
 */
export class NewerMessageError extends MessageError {
  readonly needs: string;

  constructor(needs: string, cause: z.ZodError) {
    super(`a newer brigade is needed: ${needs}\n${z.prettifyError(cause)}`, { cause });
    this.needs = needs;
  }
}

/** How every message begins, whatever the version. */
const anyMessageSchema = z.object({ v: z.int().positive(), type: z.string() });
const knownTypes: ReadonlySet<string> = new Set(messageSchema.options.map(({ shape }) => shape.type.value));

/** What makes it a newer program's message; undefined if nothing does. */
function newerPart(value: unknown): string | undefined {
  const { data } = anyMessageSchema.safeParse(value);
  if (data === undefined) return undefined;
  if (data.v > version.value) return `message version ${data.v}`;
  return knownTypes.has(data.type) ? undefined : `messages of type "${data.type.slice(0, 40)}"`;
}

/**
 * Throws MessageError, naming what is wrong first; NewerMessageError if a newer program has made
 * it.
 */
export function decodeMessage(body: string | Buffer): Message {
  const value = parseBounded(body);
  const parsed = messageSchema.safeParse(value);
  if (!parsed.success) {
    const cause = parsed.error;
    const needs = newerPart(value);
    throw needs === undefined
      ? new MessageError(z.prettifyError(cause), { cause })
      : new NewerMessageError(needs, cause);
  }
  return parsed.data;
}
