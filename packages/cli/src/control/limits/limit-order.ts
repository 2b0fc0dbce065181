import { bandwidth, byteSize, ConfigError, type Environment, type Limit, type Order } from "@brigade/core";
import { z } from "zod";
import { readOption } from "../../options/read-option.ts";
import { Problems } from "../../settings/problems.ts";
import { assertApart, isTimeZone } from "./schedule.ts";

/** As the command line gives them: one member per option of `limit`. */
export interface LimitFlags {
  readonly bandwidth?: string;
  readonly requests?: string;
  readonly listing?: string;
  readonly at?: readonly string[];
  readonly host?: string;
  readonly reason?: string;
  readonly json?: true;
}

const rate = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,3})?$/, "must be a number per second, such as 500 or 0.5")
  .transform(Number)
  .refine((perSecond) => perSecond >= 0.01, "must be at least 0.01 (per second)");

const time = "([01]\\d|2[0-3]):[0-5]\\d";
const windowText = new RegExp(`^(?<from>${time})-(?<to>${time}|24:00)=(?<size>.+)$`);

/** Returns whether the flags ask for a limit. Otherwise the command shows what holds. */
export function asksForLimit({ bandwidth, requests, listing, at }: LimitFlags): boolean {
  return bandwidth !== undefined || requests !== undefined || listing !== undefined || at !== undefined;
}

/** Returns the order that the flags are. Throws ConfigError with all problems. */
export function limitOrder(
  source: string,
  flags: LimitFlags,
  environment: Environment,
  by: string,
): Order & { readonly kind: "limit" } {
  const problems = new Problems();
  const bytes = problems.try(() => readOption("--bandwidth", bandwidth, flags.bandwidth));
  const requests = problems.try(() => readOption("--requests", rate, flags.requests));
  const listing = problems.try(() => readOption("--listing", rate, flags.listing));
  const schedule = problems.try(() => scheduleOf(flags.at ?? [])) ?? [];
  const timeZone = problems.try(() => timeZoneOf(environment)) ?? "UTC";
  problems.throwAny();
  return {
    kind: "limit",
    source,
    ...(flags.host !== undefined && { host: flags.host }),
    ...(bytes !== undefined && { bandwidth: bytes }),
    ...(requests !== undefined && { requests }),
    ...(listing !== undefined && { listing }),
    schedule,
    timeZone,
    by,
    reason: flags.reason ?? "",
  };
}

/** Throws ConfigError. */
function scheduleOf(texts: readonly string[]): Limit["schedule"] {
  const problems = new Problems();
  const windows = texts.map((text) => problems.try(() => windowOf(text)));
  problems.throwAny();
  const schedule = windows.filter((one) => one !== undefined);
  if (schedule.length > 48) throw new ConfigError(["--at: 48 windows at most"]);
  assertApart(schedule);
  return schedule;
}

function windowOf(text: string): Limit["schedule"][number] {
  const { from, to, size } = windowText.exec(text)?.groups ?? {};
  if (from === undefined || to === undefined || !byteSize.safeParse(size).success)
    throw new ConfigError([`--at ${text}: must be times and a size, such as 01:00-07:00=80MB`]);
  const perSecond = readOption(`--at ${text}`, bandwidth, size) ?? 0;
  return { from, to: to === "24:00" ? "00:00" : to, bandwidth: perSecond };
}

/** SCHEDULE_TZ, else TZ, else that of this machine. Throws ConfigError. */
function timeZoneOf({ SCHEDULE_TZ, TZ }: Environment): string {
  const [name, given] = SCHEDULE_TZ?.trim() ? ["SCHEDULE_TZ", SCHEDULE_TZ] : ["TZ", TZ];
  // POSIX allows `TZ=:Asia/Shanghai`.
  const zone = given?.trim().replace(/^:/, "") ?? "";
  if (zone === "") return new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!isTimeZone(zone)) throw new ConfigError([`${name}: "${zone}" is no time zone such as Asia/Shanghai`]);
  return zone;
}
