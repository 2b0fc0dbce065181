import { configure } from "../copy/configuration.ts";
import { checkClock, checkDisk, checkListing, checkObject, type Finding } from "../doctor/checks.ts";
import { createLog } from "../logging/logging.ts";
import { type AllowPrivateFlags, allowPrivate } from "../options/source-options.ts";
import { type ExitCode, exitCode } from "../process/exit-code.ts";
import { readEnvironment } from "../settings/environment.ts";
import { print } from "../terminal/terminal.ts";
import { namedFolders } from "../volumes/named-folders.ts";

export async function doctor(
  named: string,
  volumes: string[],
  flags: AllowPrivateFlags,
  signal: AbortSignal,
): Promise<ExitCode> {
  const environment = readEnvironment({ ALLOW_PRIVATE: allowPrivate(flags) }, process.env);
  const roots = namedFolders(volumes, environment);
  const { source, prefix } = configure(named, environment);
  await using _ = source;
  let code: ExitCode = exitCode.complete;
  const tell = async ({ check, ok, found, remedy }: Finding) => {
    await print(`${ok ? "ok  " : "FAIL"}  ${check.padEnd(13)} ${found}`);
    if (!ok) {
      code = exitCode.cannotGoOn;
      if (remedy !== undefined) await print(`      ${"".padEnd(13)} → ${remedy}`);
    }
  };
  await tell({ check: "configuration", ok: true, found: "readable and consistent" });
  if (source.clock !== undefined) await tell(await checkClock(source, source.clock, signal));
  const { finding, object } = await checkListing(source, prefix, signal);
  await tell(finding);
  if (object !== undefined) await tell(await checkObject(source, object, signal));
  else if (finding.ok) await tell({ check: "object", ok: true, found: "none found to try" });
  const log = createLog("warn");
  for (const root of roots) await tell(await checkDisk(root, log));
  return code;
}
