export type { Came, FetchCounts } from "./fetching/fetcher.ts";
export type { FoundFolder } from "./identity/found-folder.ts";
export { type Names, namesSchema } from "./identity/identity.ts";
export type { Traits } from "./identity/traits.ts";
export { readVolumeInfo, type VolumeInfo } from "./identity/volume-info.ts";
export type { DirectVolume, LocalVolume, TreeObject } from "./local-volume.ts";
export { FilesThere } from "./looking/files-there.ts";
export type { LostLine, ManifestLine } from "./manifest/manifest-line.ts";
export type { BadLine } from "./manifest/read-manifest.ts";
export { readManifest } from "./manifest/read-manifest.ts";
export { mapKey, unmapPath } from "./names/names.ts";
export type { Durability } from "./opening/opening.ts";
export { keepPrivate, withDatabaseFile } from "./own-files/database-file.ts";
export { readOwnBytes } from "./own-files/files.ts";
export { makeFolder } from "./own-files/make-folder.ts";
export { createPrivateFile, makePrivateFolder, replacePrivateFile } from "./own-files/private.ts";
export { removeOwnFile } from "./own-files/removal.ts";
export { createPlacement, type LocalPlacement, type PlacedVolume } from "./placement/placement.ts";
export type { Order } from "./placement/volume-state.ts";
export type { Damage, Repaired } from "./repair/mending.ts";
export { openRepair, type Repair, type RepairOptions } from "./repair/repair.ts";
export { endProcess, threadsHang } from "./thread/ending.ts";
export { refuseOverlaps } from "./trial/overlaps.ts";
export {
  findsItself,
  type GivenVolume,
  type TriedVolumes,
  tryFolder,
  tryVolumes,
  whyGone,
} from "./trial/tried-volumes.ts";
export { type VolumeSettings, volumeVariables } from "./variables.ts";
export type { Difference, Problem } from "./verify/difference.ts";
export type { VerifyProgress } from "./verify/reports.ts";
export type { VerifySummary } from "./verify/verification.ts";
export { type VerifyOptions, verifyVolume } from "./verify/verify-volume.ts";
export { type FetchThreads, openVolume, type VolumeOptions } from "./writer/volume.ts";
