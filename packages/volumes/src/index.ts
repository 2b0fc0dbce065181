export { FilesThere } from "./files-there.ts";
export type { FoundFolder } from "./found-folder.ts";
export type { LostLine, ManifestLine } from "./manifest-line.ts";
export { mapKey, unmapPath } from "./names.ts";
export type { Durability } from "./opening.ts";
export { keepPrivate, withDatabaseFile } from "./own-files/database-file.ts";
export { readOwnBytes } from "./own-files/files.ts";
export { makeFolder } from "./own-files/make-folder.ts";
export { createPrivateFile, makePrivateFolder, replacePrivateFile } from "./own-files/private.ts";
export { removeOwnFile } from "./own-files/removal.ts";
export { openPartFile } from "./part-file/open-part-file.ts";
export type { PartFile, Remote } from "./part-file/part-file.ts";
export { isPartName } from "./part-file/part-path.ts";
export { createPlacement, type PlacementOptions } from "./placement.ts";
export type { BadLine } from "./read-manifest.ts";
export { readManifest } from "./read-manifest.ts";
export type { Damage, Repaired } from "./repair/mending.ts";
export { openRepair, type Repair, type RepairOptions } from "./repair/repair.ts";
export type { LocalVolume, Taken, TreeObject } from "./room.ts";
export { endProcess, threadsHang } from "./threads.ts";
export type { Traits } from "./traits.ts";
export {
  findsItself,
  type GivenVolume,
  type TriedVolumes,
  tryFolder,
  tryVolumes,
  whyGone,
} from "./tried-volumes.ts";
export { type VolumeSettings, volumeVariables } from "./variables.ts";
export type { Difference, Problem } from "./verify/difference.ts";
export type { VerifyProgress } from "./verify/reports.ts";
export type { VerifySummary } from "./verify/verification.ts";
export { type VerifyOptions, verifyVolume } from "./verify/verify-volume.ts";
export { openVolume, type VolumeOptions } from "./volume.ts";
export { readVolumeInfo, type VolumeInfo } from "./volume-info.ts";
