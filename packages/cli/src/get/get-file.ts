import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  ConfigError,
  HostError,
  type Log,
  longestRestOfTransfers,
  pausesOfTransfers,
  type RetryPolicy,
  triedInVain,
  tryAgain,
} from "@brigade/core";
import { FileChanged, type HttpFile, type HttpFiles, RangesUnusable } from "@brigade/sources/get";
import { fetchSegments, fetchWhole, TransferMeter } from "@brigade/transfer";
import { isPartName, openPartFile, type PartFile } from "@brigade/volumes/get";
import { memoryPlan } from "../limits/memory-plan.ts";
import { type Checksum, ChecksumError } from "./checksum.ts";
import type { GetConfiguration } from "./configuration.ts";
import type { GetView } from "./progress.ts";

/** Bytes. To reserve room takes 30 ms of loading, and shorter files are written at once. */
const reserveFrom = 256 * 1024;

/** What came of a URL. */
export interface Got {
  /** Without what must not be shown. */
  readonly url: string;
  readonly file: string;
  readonly bytes: number;
  readonly seconds: number;
  /** Bytes that were received: more than are new if some came twice. */
  readonly fetchedBytes: number;
  /** Bytes that an earlier run had brought. */
  readonly resumedBytes: number;
  /** As it was asked for; `undefined` if it was not. */
  readonly checksum: Checksum | undefined;
}

export interface GetParts {
  readonly files: HttpFiles;
  readonly configuration: GetConfiguration;
  readonly log: Log;
  readonly view: GetView;
}

/**
 * Times that a file may change while it is fetched in ranges. Then it is fetched in one stream,
 * which cannot mix two states.
 */
const mostChanges = 2;

/**
 * Fetches one whole file. Throws SourceError, ChecksumError, ConfigError, HostError, FatalError.
 */
export async function getFile(url: URL, parts: GetParts, signal: AbortSignal): Promise<Got> {
  const startedAt = performance.now();
  const meter = new TransferMeter();
  const { checksum } = parts.configuration;
  for (let changes = 0; ; ) {
    const how = { ranges: changes < mostChanges, proven: checksum !== undefined };
    const file = await tryAgain(() => parts.files.find(url, signal, how), askingAgain(parts), signal);
    try {
      const brought = await bring(file, { meter, isFirst: how.ranges }, parts, signal);
      const seconds = (performance.now() - startedAt) / 1000;
      return { ...brought, url: file.url, seconds, fetchedBytes: meter.received, checksum };
    } catch (error) {
      if (error instanceof FileChanged) changes += 1;
      else if (error instanceof RangesUnusable) changes = mostChanges;
      else throw error;
      parts.log.warn(
        {},
        `${error.message}: it is fetched anew${changes < mostChanges ? "" : ", in one stream"}`,
      );
    } finally {
      file.cancel();
    }
  }
}

function askingAgain({ configuration: { retries }, log }: GetParts): RetryPolicy {
  return {
    retries,
    pauses: pausesOfTransfers,
    longestRest: longestRestOfTransfers,
    usedUp: triedInVain,
    onRetry: ({ message }, attempt) =>
      log[attempt === 0 ? "warn" : "info"]({ reason: message }, "asking again"),
  };
}

type Brought = Pick<Got, "file" | "bytes" | "resumedBytes">;

async function bring(
  file: HttpFile,
  { meter, isFirst }: { readonly meter: TransferMeter; readonly isFirst: boolean },
  parts: GetParts,
  signal: AbortSignal,
): Promise<Brought> {
  const { configuration, log, view } = parts;
  const { overwrite, minFree, checksum } = configuration;
  const target = targetOf(file, configuration);
  const { url, length } = file;
  const validator = file.ranges ? file.validator : undefined;
  await using part = await openPartFile(
    target,
    { url, length, validator },
    { overwrite, minFree, reserveFrom },
  );
  // The reason for one stream was logged before.
  if (isFirst) warnOfFound(file, part, log);
  const resumedBytes = part.finished.reduce((sum, piece) => sum + piece.to - piece.from, 0);
  if (resumedBytes > 0) log.info({ bytes: resumedBytes }, `${part.path}: going on with it`);
  view.begin(target, length, resumedBytes, meter);
  try {
    const bytes = await transfer(file, part, meter, parts, signal);
    if (checksum !== undefined) await verify(part, bytes, checksum, signal);
    await part.complete(bytes);
    return { file: target, bytes, resumedBytes };
  } catch (error) {
    // No later run can go on with it, and it fills the disk.
    if (length === undefined && error instanceof HostError && error.kind === "full") await part.remove();
    throw error;
  } finally {
    view.end();
  }
}

function warnOfFound(file: HttpFile, part: PartFile, log: Log): void {
  const { url, ranges, validator, mayBePage } = file;
  if (mayBePage)
    log.warn(
      {},
      `${url}: the server calls it an HTML page: to log in, or to say sorry, in place of the file?`,
    );
  if (part.startedOver !== undefined) log.warn({}, `${part.path}: fetched anew: ${part.startedOver}`);
  else if (!ranges) log.warn({}, `${url}: the server sends no ranges: one connection, and no resuming`);
  else if (validator === undefined)
    log.warn({}, `${url}: the server gives neither a strong ETag nor Last-Modified: no resuming`);
}

/** Returns the bytes of the whole file. */
async function transfer(
  file: HttpFile,
  part: PartFile,
  meter: TransferMeter,
  { configuration, log }: GetParts,
  signal: AbortSignal,
): Promise<number> {
  const { connections, minSegment, retries, bandwidth: rate, checksum } = configuration;
  const { length } = file;
  if (length === undefined || !file.ranges) {
    const allowUndelimited = checksum !== undefined;
    const open = (inner: AbortSignal) => file.stream(inner, { allowUndelimited });
    return await fetchWhole({ open, file: part, log, meter }, { retries, rate }, signal);
  }
  await fetchSegments(
    { open: (range, inner) => file.open(range, inner), file: part, log, meter },
    { length, connections, minSegment, retries, rate, memory: memoryPlan().bodies },
    signal,
  );
  return length;
}

/** A file with a wrong digest is not gone on with. */
async function verify(part: PartFile, bytes: number, checksum: Checksum, signal: AbortSignal): Promise<void> {
  const found = await part.digest(checksum.algorithm, bytes, signal);
  if (found === checksum.digest) return;
  await part.disown();
  throw new ChecksumError(
    `${part.path}: its ${checksum.algorithm} is ${found}, not ${checksum.digest}; it stays there, the next run fetches it anew`,
  );
}

function targetOf({ name }: HttpFile, { output, directory }: GetConfiguration): string {
  if (output !== undefined) return output;
  if (isPartName(name))
    throw new ConfigError([
      `the file's name is "${name}": brigade calls unfinished files so: name it yourself with -o`,
    ]);
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw unmakeable(directory, error);
  }
  return join(directory, name);
}

function unmakeable(directory: string, cause: unknown): HostError {
  const words = cause instanceof Error ? cause.message : String(cause);
  return new HostError("io", `${directory} cannot be made: ${words}`, { cause });
}
