export { createDirectFetch } from "./direct/volumes-fetch.ts";

/** What the thread of a volume runs that is to fetch, too. */
export const fetchWriteEntry = new URL("./thread/fetch-write-thread.ts", import.meta.url);
