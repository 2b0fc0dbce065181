export { createLister, type Lister, type ListerOptions, type ListerParts, rootMessage } from "./lister.ts";
