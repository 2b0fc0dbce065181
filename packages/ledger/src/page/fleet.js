// @ts-check
import { bar, element } from "./element.js";
import { counted, formatAgo, formatBytes, formatDuration } from "./figures.js";

/** @import { Forecast, ServiceStatus, Status, VolumeStatus } from "../wire/status.ts" */

/**
 * Each host with its services and disks.
 *
 * @param {Status} status
 */
export function hostsOf({ services, volumes, at, forecast }) {
  const hosts = [...new Set([...services, ...volumes].map(({ host }) => host))].sort();
  const room = forecast === undefined ? [] : roomLines(forecast);
  const cards = hosts.map((host) =>
    element(
      "article",
      { class: "card", "data-host": host },
      element("h3", {}, host),
      ...services.filter((service) => service.host === host).map((service) => serviceLine(service, at)),
      ...volumes.filter((volume) => volume.host === host).map((volume) => disk(volume, at)),
    ),
  );
  return [...room.map((text) => element("p", { class: "pause", "data-forecast": "" }, text)), ...cards];
}

/** @param {Forecast} forecast */
function roomLines({ missing, isListing, full }) {
  return [
    ...(missing === 0 ? [] : [`${isListing ? "at least " : ""}${formatBytes(missing)} more needed`]),
    ...full.map(({ label, volume, seconds }) => `${label ?? volume} full in ${formatDuration(seconds)}`),
  ];
}

/** @param {ServiceStatus} service @param {number} now */
function serviceLine({ service, instance, seenAt, silentSince, sources }, now) {
  const pauses = sources.flatMap(({ name, pauses }) => pauses.map((reason) => `${name} pauses: ${reason}`));
  const state = silentSince !== undefined ? "silent" : pauses.length > 0 ? "pausing" : "working";
  const seen = silentSince === undefined ? [] : [`last heard ${formatAgo(seenAt, now)}`];
  return element(
    "div",
    { class: "service", "data-state": state },
    element(
      "p",
      { class: "line" },
      element("span", { class: "name" }, service),
      element("small", {}, [instance, ...seen].join(", ")),
    ),
    ...pauses.map((pause) => element("p", { class: "pause" }, pause)),
    ...sources.flatMap(({ name, fetching, listing }) => [
      ...(fetching === undefined ? [] : [element("p", {}, `${name}: ${atOnceText("objects", fetching)}`)]),
      ...(listing === undefined ? [] : [element("p", {}, `${name}: ${atOnceText("listings", listing)}`)]),
    ]),
  );
}

/** @param {string} what @param {{ atOnce: number, limitedBy: string }} work */
function atOnceText(what, { atOnce, limitedBy }) {
  return `${atOnce} ${what} at once, limited by ${limitedBy}`;
}

/** @param {VolumeStatus} volume @param {number} now */
function disk({ volume, label, root, free, size, objects, bytes, seenAt, standing }, now) {
  const room =
    free === undefined
      ? ""
      : `${formatBytes(free)} free${size === undefined ? "" : ` of ${formatBytes(size)}`}`;
  const used = size === undefined || free === undefined ? 0 : Math.max(0, size - free);
  const ours = Math.min(bytes, used);
  const parts = [
    { kind: "stored", amount: ours },
    { kind: "others", amount: used - ours },
  ];
  return element(
    "div",
    { class: "disk", "data-volume": volume, "data-state": standing?.state ?? "", title: volume },
    element(
      "p",
      { class: "line" },
      element("span", { class: "name" }, label ?? volume),
      element("small", {}, room),
    ),
    size === undefined ? undefined : bar(parts, size),
    element(
      "p",
      { class: "line" },
      element("small", {}, `${counted(objects, "object", "objects")}, ${formatBytes(bytes)}`),
      element("small", {}, root === undefined ? `last seen ${formatAgo(seenAt, now)}` : root),
    ),
    standing === undefined || standing.state === "ok" ? undefined : standingLine(standing, now),
  );
}

/** @param {NonNullable<VolumeStatus["standing"]>} standing @param {number} now */
function standingLine({ state, since, reason }, now) {
  const words = `${state}, began ${formatAgo(since, now)}`;
  return element("p", { class: "pause" }, reason === undefined ? words : `${words}: ${reason}`);
}
