import type { LocalRoom, Log, VolumeStanding } from "@brigade/core";
import type { Amount } from "./shared-room.ts";

type StateName = VolumeStanding["state"];
/** How much room is left above the floor of a disk that is well. */
export type Level = "ok" | "filling" | "full";

/** Of the disk; with less above the floor, the volume is filling. */
const fillingShare = 1 / 20;
/** Bytes, and a share of the disk, of which a volume that was full must have the lesser again. */
const again = { bytes: 8 * 1024 * 1024, share: 1 / 100 };

/**
 * `above`: what is left above the floor. `least`: the least that can be stored. `before`: the level
 * until now, so that a disk on the border does not change all the time.
 */
export function levelOf({ totalBytes }: LocalRoom, above: Amount, least: Amount, before: Level): Level {
  if (above.bytes < least.bytes || above.inodes < least.inodes) return "full";
  if (!Number.isFinite(totalBytes)) return "ok";
  if (before === "full" && above.bytes < Math.min(again.bytes, totalBytes * again.share)) return "full";
  return above.bytes < totalBytes * fillingShare * (before === "ok" ? 1 : 2) ? "filling" : "ok";
}

/** Logs that a volume's state has changed. */
export function logChange(log: Log, fields: object, before: StateName, state: StateName): void {
  switch (state) {
    case "ok":
    case "filling":
      if (before !== "ok" && before !== "filling") log.warn(fields, "a volume is used again");
      else if (state === "filling") log.info(fields, "a volume is filling: little is left above its floor");
      return;
    case "full":
      log.error(fields, "a volume is retired until it has more room");
      return;
    case "hanging":
      log.error(fields, "a volume does not answer: its work goes elsewhere until it does");
      return;
    case "read-only":
    case "failing":
    case "gone":
      log.error(fields, `a volume is retired until its disk works again: it is ${state}`);
      return;
    case "drained":
      log.warn(fields, "a volume is drained: nothing new goes there");
      return;
    case "ejected":
      log.warn(fields, "a volume is ejected: nothing is open there, and it can be unmounted");
  }
}
