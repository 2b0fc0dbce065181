import { caller, openControl } from "../../control/control-door.ts";
import { openLedger } from "../../ledger/door.ts";
import { findVolume } from "../../ledger/forget-volume.ts";
import { readEnvironment } from "../../settings/environment.ts";
import { print, printJson } from "../../terminal/terminal.ts";
import type { OrderFlags } from "../control.ts";

const outcomes = {
  drain: "gets nothing new; what lies there stays",
  eject: "gets nothing new, and is closed when nothing is in hand there: then it can be unmounted",
  undrain: "is used again",
} as const;

/** Orders something of a volume, by its id or label, of the fleet or of the copies that run here. */
export async function orderVolume(
  what: keyof typeof outcomes,
  name: string,
  { reason = "", json }: OrderFlags,
  signal: AbortSignal,
): Promise<void> {
  const environment = readEnvironment({}, process.env);
  const volume = environment.LEDGER_URL?.trim() ? await idOf(name, signal) : name;
  const door = await openControl(environment, undefined, signal);
  const said = { volume, by: caller(), reason };
  const standing = await door.order(
    what === "undrain"
      ? { kind: "undrain-volume", ...said }
      : { kind: "drain-volume", eject: what === "eject", ...said },
  );
  const disobedient = await door.disobedient();
  if (json === true) await printJson({ to: door.name, standing, disobedient });
  else await print(`${name} ${outcomes[what]} (${door.name})`, ...disobedient);
}

/** Throws ConfigError unless the ledger knows one volume of this id or label. */
async function idOf(name: string, signal: AbortSignal): Promise<string> {
  await using door = await openLedger({}, readEnvironment({}, process.env), signal);
  return findVolume(await door.ledger.volumes(), name).volume;
}
