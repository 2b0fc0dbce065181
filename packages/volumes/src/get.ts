/* A door for `brigade get` alone: an unfinished file. It has no volume. */
export { openPartFile } from "./parts/open-part-file.ts";
export type { PartFile, Remote } from "./parts/part-file.ts";
export { isPartName } from "./parts/part-path.ts";
