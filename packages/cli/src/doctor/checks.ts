import { statfs } from "node:fs/promises";
import { join, type Log, type ObjectEntry, roomIn, type Source, SourceError } from "@brigade/core";
import type { ConfiguredSource, StoreClock } from "@brigade/sources";
import { readVolumeInfo, tryFolder } from "@brigade/volumes";
import { formatBytes, formatCount } from "../terminal/units.ts";

/** What a check found: one line for people, and what to do if it failed. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  readonly remedy?: string;
}

/** Seconds. A difference of more is reported: signatures are refused from 1,800 s on. */
const clockTolerance = 60;

export async function checkClock(
  { address = "the store" }: Pick<ConfiguredSource, "address">,
  clock: StoreClock,
  signal: AbortSignal,
): Promise<Finding> {
  const check = "clock";
  try {
    const theirs = await clock.ask(signal);
    if (theirs === undefined) return { check, ok: true, found: `${address} gives no date: not compared` };
    const ahead = Math.round((Date.now() - theirs) / 1000);
    const found = `${Math.abs(ahead)} s ${ahead < 0 ? "behind" : "ahead of"} ${address}`;
    if (Math.abs(ahead) <= clockTolerance) return { check, ok: true, found };
    return {
      check,
      ok: false,
      found,
      remedy: "set this machine's clock (NTP): signatures are refused beyond 30 minutes",
    };
  } catch (error) {
    return { check, ok: false, found: `not compared: ${messageOf(error)}`, remedy: remedyFor(error) };
  }
}

/** Lists the prefix. Returns the first object found there or in the first directories below. */
export async function checkListing(
  source: Source,
  prefix: string,
  signal: AbortSignal,
): Promise<{ finding: Finding; object?: ObjectEntry }> {
  const check = "listing";
  try {
    let directory = prefix;
    const first = await source.listPage(directory, undefined, signal);
    const found = `"${prefix}/": ${formatCount(first.files.length)} objects and ${formatCount(first.directories.length)} directories on the first page`;
    let page = first;
    for (let depth = 0; page.files.length === 0 && page.directories[0] !== undefined && depth < 8; depth++) {
      directory = join(directory, page.directories[0]);
      page = await source.listPage(directory, undefined, signal);
    }
    const file = page.files[0];
    const finding = { check, ok: true, found };
    return file === undefined
      ? { finding }
      : { finding, object: { ...file, key: join(directory, file.name) } };
  } catch (error) {
    return { finding: { check, ok: false, found: messageOf(error), remedy: remedyFor(error) } };
  }
}

/** Bytes. */
const mostOfObject = 1024 * 1024 * 1024;

/** Fetches one object whole, or its first GiB. */
export async function checkObject(
  source: Source,
  object: ObjectEntry,
  signal: AbortSignal,
): Promise<Finding> {
  const check = "object";
  try {
    const body = await source.open(object, undefined, signal);
    let bytes = 0;
    for await (const chunk of body.chunks()) {
      bytes += chunk.length;
      if (bytes > mostOfObject) break;
    }
    if (bytes > mostOfObject) {
      const found = `"${object.key}": more than ${formatBytes(mostOfObject)}: the rest was not fetched`;
      return { check, ok: true, found };
    }
    const found = `"${object.key}": ${formatBytes(bytes)}${body.variant ? ` as ${source.variant}` : ""}, MD5 ${body.md5 === undefined ? "not given" : "given"}`;
    if (body.variant || bytes === (object.size ?? bytes)) return { check, ok: true, found };
    return {
      check,
      ok: false,
      found: `${found}, but ${object.size} bytes are listed`,
      remedy:
        "does something else answer in its place, such as a cache, a login page or the domain of another bucket?",
    };
  } catch (error) {
    return { check, ok: false, found: `"${object.key}": ${messageOf(error)}`, remedy: remedyFor(error) };
  }
}

/** Tries a folder as the user that runs this: the same user is to store there. */
export async function checkDisk(root: string, log: Log): Promise<Finding> {
  const check = "disk";
  try {
    await tryFolder(root, log);
    const { bytes, inodes } = roomIn(await statfs(root));
    const isVolume = (await readVolumeInfo(root)) !== undefined;
    const free = [
      Number.isFinite(bytes) ? formatBytes(bytes) : "an unknown number of bytes",
      ...(Number.isFinite(inodes) ? [`${formatCount(inodes)} inodes`] : []),
    ];
    const found = `${root}: ${free.join(" and ")} free, ${isVolume ? "a volume" : "not a volume yet"}`;
    return { check, ok: true, found };
  } catch (error) {
    return {
      check,
      ok: false,
      found: messageOf(error),
      remedy: "mend it, then try again as the user that is to store there",
    };
  }
}

/**
 * Returns what the message itself does not say. It is used for all kinds of source: messages name
 * the variables.
 */
function remedyFor(error: unknown): string {
  if (!(error instanceof SourceError)) return "see the message";
  switch (error.kind) {
    case "unauthorized":
      return "check the user and the password, and that they may read there";
    case "missing":
      return "check the name of the bucket or host, and the prefix";
    case "forbidden":
      return "check what the message names, and the access rules of the server";
    case "misconfigured":
      return "correct what the message names: waiting does not mend it";
    case "banned":
    case "throttled":
      return "wait, and lower FETCH_CONCURRENCY and LIST_CONCURRENCY";
    case "transport":
    case "unavailable":
      return "check network, DNS and proxy; if they are as they should be, try again later";
    case "damaged":
    case "bad-listing":
    case "bad-cursor":
      return "is anything in between that changes answers, or does another server answer in its place?";
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
