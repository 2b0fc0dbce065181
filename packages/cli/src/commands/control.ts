import type { Command } from "commander";
import type { OrderFlags } from "../actions/control.ts";
import { addCommand, type CommandName } from "../options/outlines.ts";

type Act = (subject: string, flags: OrderFlags, signal: AbortSignal) => Promise<void>;

const sourceArgument = "the source's name, as LEDGER_URL's fleet or the running `copy` has it";
const hostArgument = "the host, as `brigade status` shows it";

/** `brigade pause`: no request of a source starts any more. */
export function addPause(program: Command, signal: AbortSignal): void {
  addOrder(program, "pause", ["<source>", sourceArgument], async () => (await acts()).pause, signal);
}

/** `brigade resume`: a paused source goes on. */
export function addResume(program: Command, signal: AbortSignal): void {
  addOrder(program, "resume", ["<source>", sourceArgument], async () => (await acts()).resume, signal);
}

/** `brigade drain`: a host takes no new work. */
export function addDrain(program: Command, signal: AbortSignal): void {
  addOrder(program, "drain", ["<host>", hostArgument], async () => (await acts()).drain, signal);
}

/** `brigade undrain`: a drained host takes work again. */
export function addUndrain(program: Command, signal: AbortSignal): void {
  addOrder(program, "undrain", ["<host>", hostArgument], async () => (await acts()).undrain, signal);
}

function acts() {
  return import("../actions/control.ts");
}

function addOrder(
  program: Command,
  name: CommandName,
  [argument, about]: readonly [string, string],
  load: () => Promise<Act>,
  signal: AbortSignal,
): void {
  addCommand(program, name)
    .argument(argument, about)
    .option("--reason <text>", "why, for those who look at `brigade status`")
    .option("--json", "one JSON document on stdout")
    .action(async (subject: string, flags: OrderFlags) => await (await load())(subject, flags, signal));
}
