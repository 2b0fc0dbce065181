export { createFilter, type Filter, globProblem } from "./filters.ts";
export { createLister, type Lister, type ListerOptions, type ListerParts, rootMessage } from "./lister.ts";
export { type WalkedPage, walkPage } from "./walk.ts";
