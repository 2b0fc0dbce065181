/*
 * A door for threads that own a database. Behind the other one are all shapes of messages, and zod:
 * to load them takes as long as such a thread takes to start.
 */
export * from "./failures.ts";
export * from "./host/database-errors.ts";
export * from "./host/same-file.ts";
export * from "./keys.ts";
export * from "./md5.ts";
export * from "./retrying/pauses.ts";
export * from "./sizes.ts";
export * from "./thread-errors.ts";
