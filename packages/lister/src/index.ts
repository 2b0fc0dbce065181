export { createFilter, type Filter } from "./filters.ts";
export { globProblem } from "./globs/glob.ts";
export { createLister, type Lister, type ListerOptions, type ListerParts, rootMessage } from "./lister.ts";
export { type WalkedPage, walkPage } from "./walk.ts";
