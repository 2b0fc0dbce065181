import type { Location } from "@brigade/ledger";
import type { LedgerClient } from "@brigade/ledger/http";
import { openLedger } from "../ledger/door.ts";
import { lostForGood } from "../ledger/lost.ts";
import type { LedgerFlags } from "../options/ledger-options.ts";
import { type ExitCode, exitCode } from "../process/exit-code.ts";
import { readEnvironment } from "../settings/environment.ts";
import { print, printJson, tell } from "../terminal/terminal.ts";
import { formatBytes } from "../terminal/units.ts";

export interface WhereFlags extends LedgerFlags {
  readonly source?: string;
  readonly json?: true;
}

/** `lost for good`: damaged or gone on disk, and gone at the source. */
interface ShownLocation extends Omit<Location, "standing"> {
  readonly standing: Location["standing"] | "lost for good";
  /** Why its disk is lost. Absent: it is not. */
  readonly diskLost?: string;
}

export async function where(key: string, flags: WhereFlags, signal: AbortSignal): Promise<ExitCode> {
  await using door = await openLedger(flags, readEnvironment({}, process.env), signal);
  const of = flags.source === undefined ? {} : { source: flags.source };
  const show = (one: ShownLocation) => (flags.json === true ? printJson(one) : print(...linesOf(one)));
  const lost = new Map((await door.ledger.volumes()).map(({ volume, gone }) => [volume, gone?.lost]));
  for (const query of key === "" ? [{ prefix: key }] : [{ key }, { prefix: key }]) {
    const found = new Reached();
    for await (const one of door.ledger.where({ ...query, ...of })) {
      const diskLost = lost.get(one.volume);
      found.add(one, diskLost === undefined);
      await show(diskLost === undefined ? one : { ...one, diskLost });
    }
    if (found.isAny) return found.isAllReached ? exitCode.complete : exitCode.incomplete;
  }
  if (await showLost(key, of, show, door.ledger)) return exitCode.incomplete;
  if (flags.json !== true) tell(`nothing is stored as or below "${key}"`);
  return exitCode.incomplete;
}

/**
 * Finds out whether every object lies on a disk that is not lost. The places of one object are
 * added one after the other.
 */
class Reached {
  #object = "";
  #isReached = true;
  #areOthersReached = true;
  isAny = false;

  add({ source, fingerprint, key }: Location, isReached: boolean): void {
    const object = [source, fingerprint, key].join("\n");
    if (this.isAny && object === this.#object) this.#isReached ||= isReached;
    else {
      this.#areOthersReached = this.isAllReached;
      this.#object = object;
      this.#isReached = isReached;
    }
    this.isAny = true;
  }

  get isAllReached(): boolean {
    return this.#areOthersReached && this.#isReached;
  }
}

/** Shows the objects that are on no disk any more. Returns whether there were any. */
async function showLost(
  key: string,
  of: { readonly source?: string },
  show: (one: ShownLocation) => Promise<void>,
  ledger: LedgerClient,
): Promise<boolean> {
  const jobs = await ledger.jobs();
  const forGood = new Map<string, ReadonlySet<string>>();
  let isAny = false;
  for await (const one of ledger.where({ prefix: key, ...of, lost: true })) {
    const { source, fingerprint } = one;
    const job = jobs.findLast((last) => last.source === source && last.fingerprint === fingerprint);
    const known =
      forGood.get(source) ?? new Set(job && (await lostForGood(ledger, job)).map((lost) => lost.key));
    forGood.set(source, known);
    await show(known.has(one.key) ? { ...one, standing: "lost for good" } : one);
    isAny = true;
  }
  return isAny;
}

function linesOf(one: ShownLocation): string[] {
  const { key, standing, diskLost, source, host, label, volume, path, size, md5, storedAt } = one;
  const notes = [
    ...(standing === "current" ? [] : [standing]),
    ...(diskLost === undefined ? [] : [`its disk is lost: ${diskLost}`]),
  ];
  const what = notes.length === 0 ? "" : `  (${notes.join("; ")})`;
  const disk = label === undefined ? volume : `${label} (${volume})`;
  const when = new Date(storedAt * 1000).toISOString().slice(0, 19).replace("T", " ");
  return [
    `${key}${what}`,
    `    ${host}  ${disk}  ${source}/${path}`,
    `    ${formatBytes(size)} (${size} bytes)  ${md5 === undefined ? "no MD5 known" : `MD5 ${md5}`}  stored ${when} UTC`,
  ];
}
