import { setTimeout as sleep } from "node:timers/promises";
import type { LedgerClient } from "@brigade/ledger/http";
import { adviceForCopy, adviceForFleet } from "../job/advice.ts";
import { followJob } from "../job/follow.ts";
import { type LedgerDoor, openLedger } from "../ledger/door.ts";
import { latestJob } from "../ledger/latest-job.ts";
import { createLog } from "../logging/logging.ts";
import type { LedgerFlags } from "../options/ledger-options.ts";
import { type ExitCode, exitCode } from "../process/exit-code.ts";
import { readEnvironment } from "../settings/environment.ts";
import { describeStatus } from "../status/describe.ts";
import { type Look, look } from "../status/look.ts";
import { formatTable, right } from "../terminal/table.ts";
import { clearTerminal, print, printJson } from "../terminal/terminal.ts";
import { formatBytes, formatCount } from "../terminal/units.ts";

export interface StatusFlags extends LedgerFlags {
  readonly watch?: true;
  readonly wait?: true;
  readonly directories?: true;
  readonly json?: true;
}

/** Milliseconds between two looks of `--watch`. */
const lookEvery = 2_000;

export async function status(
  source: string | undefined,
  flags: StatusFlags,
  signal: AbortSignal,
): Promise<ExitCode> {
  await using door = await openLedger(flags, readEnvironment({}, process.env), signal);
  if (flags.directories === true) await directories(door.ledger, source, flags);
  else if (flags.wait === true) return await wait(door, source, flags, signal);
  else if (flags.watch === true) await watch(door.ledger, source, flags, signal);
  else await show(await look(door.ledger, source), flags);
  return exitCode.complete;
}

async function show({ now, findings }: Look, { json }: StatusFlags): Promise<void> {
  if (json !== true) return await print(...describeStatus(now, findings));
  const holes = [...findings].flatMap(([id, { proof }]) => (proof === undefined ? [] : [[id, proof.holes]]));
  const lost = [...findings].flatMap(([id, one]) =>
    one.lost.length === 0 ? [] : [[id, one.lost.map(({ key }) => key)]],
  );
  const absent = [...findings].flatMap(([id, one]) => (one.absent.length === 0 ? [] : [[id, one.absent]]));
  const found = {
    holes: Object.fromEntries(holes),
    lostForGood: Object.fromEntries(lost),
    absent: Object.fromEntries(absent),
  };
  await printJson({ ...now, ...found });
}

async function watch(
  ledger: LedgerClient,
  source: string | undefined,
  flags: StatusFlags,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const looked = await look(ledger, source);
    if (flags.json !== true) await clearTerminal();
    await show(looked, flags);
    await sleep(lookEvery, undefined, { signal }).catch(() => undefined); // an interruption ends the loop
  }
}

async function wait(
  { ledger, state }: LedgerDoor,
  source: string | undefined,
  flags: StatusFlags,
  signal: AbortSignal,
): Promise<ExitCode> {
  const job = await latestJob(ledger, source);
  const advice = state === undefined ? adviceForFleet(job.source) : adviceForCopy;
  return await followJob(job.id, {
    ledger,
    log: createLog("info"),
    advice,
    json: flags.json === true,
    signal,
  });
}

async function directories(
  ledger: LedgerClient,
  source: string | undefined,
  { json }: StatusFlags,
): Promise<void> {
  const job = await latestJob(ledger, source);
  for await (const one of ledger.directories(job.id)) {
    if (json === true) {
      await printJson(one);
      continue;
    }
    const { listed, stored, unchanged, vanished, failed } = one;
    const open = listed.objects - stored.objects - unchanged.objects - vanished.objects - failed.objects;
    const numbers = [listed, stored, unchanged, vanished, failed].map(({ objects }) => formatCount(objects));
    await print(
      ...formatTable([
        [
          one.state.padEnd(7),
          ...[...numbers, formatCount(open)].map((text) => right(text.padStart(11))),
          right(formatBytes(listed.bytes).padStart(8)),
          `${one.directory}/`,
        ],
      ]),
    );
  }
}
