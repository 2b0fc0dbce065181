import type { Ordered } from "./control.ts";

/** For people: "paused by ann@desk since 2026-11-30 17:04:05Z: the line is needed". */
export function inWords(what: string, { by, since, reason }: Ordered): string {
  const time = new Date(since)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
  return `${what} by ${by} since ${time}${reason === "" ? "" : `: ${reason}`}`;
}
