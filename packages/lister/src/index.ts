export { createFilter, type Filter } from "./filters/filters.ts";
export { globProblem } from "./filters/globs/glob.ts";
export { createLister, type Lister, type ListerOptions, type ListerParts, rootMessage } from "./lister.ts";
export { type WalkedPage, walkPage } from "./page/walk.ts";
export { ListingPlaces } from "./places/listing-places.ts";
export { backPressure } from "./waiting/gate.ts";
