import { ConfigError, type Environment } from "@brigade/core";
import { readVolumeInfo, type VolumeInfo } from "@brigade/volumes";
import { openLedger } from "../ledger/door.ts";
import { createLog } from "../logging/logging.ts";
import type { LedgerFlags } from "../options/ledger-options.ts";
import { type ExitCode, exitCode } from "../process/exit-code.ts";
import { readEnvironment, readVariables } from "../settings/environment.ts";
import { settingsSchema } from "../settings/settings.ts";
import { isWatched, print, printJson, tell } from "../terminal/terminal.ts";
import { type VolumeToVerify, verify } from "../verify/verify.ts";
import { VerifyBars, VerifyLines } from "../verify/view.ts";
import { describeDifference, describeVerified } from "../verify/words.ts";
import { someFolders } from "../volumes/named-folders.ts";

export interface VerifyFlags extends LedgerFlags {
  readonly repair?: true;
  readonly source?: string;
  readonly threads?: number;
  readonly restart?: true;
  readonly json?: true;
}

export async function runVerify(given: string[], flags: VerifyFlags, signal: AbortSignal): Promise<ExitCode> {
  const environment = readEnvironment({}, process.env);
  const { LOG_LEVEL } = readVariables(settingsSchema.pick({ LOG_LEVEL: true }), environment);
  const volumes = await volumesToVerify(given, environment);
  await using door = flags.repair === true ? await openLedger(flags, environment, signal) : undefined;
  await door?.ledger.volumes(); // fails before hours of reading if the ledger is away or refuses the token
  const view = isWatched() ? new VerifyBars() : new VerifyLines(createLog(LOG_LEVEL, { isLong: true }));
  const verified = await verify(volumes, {
    ...(flags.source !== undefined && { source: flags.source }),
    ...(flags.threads !== undefined && { threads: flags.threads }),
    restart: flags.restart === true,
    ledger: door?.ledger,
    view,
    onBadLine: ({ root }, { segment, line, reason }) =>
      tell(`${root}: line ${line} of ${segment} cannot be read: ${reason}`),
    onDifference: (volume, difference) =>
      flags.json === true
        ? printJson({ root: volume.root, volume: volume.info.id, ...difference })
        : print(describeDifference(volume, difference)),
    signal,
  }).finally(() => view.close());
  if (flags.json !== true) for (const one of verified) await print(...describeVerified(one));
  const isClean = verified.every(({ summary }) => {
    return summary.badLines === 0 && Object.values(summary.problems).every((count) => count === 0);
  });
  return isClean ? exitCode.complete : exitCode.incomplete;
}

/** Throws ConfigError with the problems of all. */
async function volumesToVerify(
  given: readonly string[],
  environment: Environment,
): Promise<VolumeToVerify[]> {
  const roots = someFolders(given, environment);
  const problems: string[] = [];
  const volumes: VolumeToVerify[] = [];
  for (const root of roots) {
    const info: VolumeInfo | undefined = await readVolumeInfo(root);
    if (info === undefined) problems.push(`${root} is not a volume (or its disk is not mounted)`);
    else volumes.push({ root, info });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return volumes;
}
