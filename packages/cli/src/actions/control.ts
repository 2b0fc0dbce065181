import { setTimeout as sleep } from "node:timers/promises";
import type { Order, Standing } from "@brigade/core";
import { type ControlDoor, caller, openControl } from "../control/control-door.ts";
import { readEnvironment } from "../settings/environment.ts";
import { print, printJson, tell } from "../terminal/terminal.ts";

export interface OrderFlags {
  readonly reason?: string;
  readonly json?: true;
}

/** Milliseconds between two looks at what is in hand. */
const lookEvery = 500;

export async function pause(source: string, flags: OrderFlags, signal: AbortSignal): Promise<void> {
  const door = await openControl(readEnvironment({}, process.env), source, signal);
  const standing = await give(door, { kind: "pause", source, ...from(flags) });
  await report(door, standing, flags, `${source} is paused: no request starts any more`);
}

export async function resume(source: string, flags: OrderFlags, signal: AbortSignal): Promise<void> {
  const door = await openControl(readEnvironment({}, process.env), source, signal);
  const standing = await give(door, { kind: "resume", source, ...from(flags) });
  await report(door, standing, flags, `${source} goes on`);
}

export async function drain(host: string, flags: OrderFlags, signal: AbortSignal): Promise<void> {
  const door = await openControl(readEnvironment({}, process.env), undefined, signal);
  const standing = await give(door, { kind: "drain", host, ...from(flags) });
  await report(door, standing, flags, `${host} takes no new work; what it has in hand is finished`);
  // An interruption ends the waiting; the host stays drained.
  for (let before: number | undefined; ; await sleep(lookEvery, undefined, { signal })) {
    const held = await door.holding(host, standing.revision);
    if (held === 0) break;
    if (held !== before && held !== undefined) tell(`${host}: ${held} messages of work are left in hand`);
    before = held;
  }
  if (flags.json !== true) await print(`nothing is left in hand at ${host}`);
}

export async function undrain(host: string, flags: OrderFlags, signal: AbortSignal): Promise<void> {
  const door = await openControl(readEnvironment({}, process.env), undefined, signal);
  const standing = await give(door, { kind: "undrain", host, ...from(flags) });
  await report(door, standing, flags, `${host} takes work again`);
}

function from({ reason = "" }: OrderFlags): { readonly by: string; readonly reason: string } {
  return { by: caller(), reason };
}

async function give(door: ControlDoor, order: Order): Promise<Standing> {
  return await door.order(order);
}

async function report(
  door: ControlDoor,
  standing: Standing,
  { json }: OrderFlags,
  what: string,
): Promise<void> {
  const disobedient = await door.disobedient();
  if (json === true) {
    await printJson({ to: door.name, standing, disobedient });
    return;
  }
  await print(`${what} (${door.name})`, ...disobedient);
}
