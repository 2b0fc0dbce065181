export { type Acceptance, acceptanceOf, isSoftError } from "./direct/acceptance.ts";
export { pathOf } from "./direct/direct-source.ts";
export { tlsSettings } from "./http/connecting/trust.ts";
export { FastPool, type FullDispatcher } from "./http/fast/fast-pool.ts";
export type { AnswerHandler, UsedConnection } from "./http/fast/fast-request.ts";
export type { ReadMemory } from "./http/fast/read-memory.ts";
export { anywhere, NamedHosts } from "./http/origins/reach.ts";
export { isTrouble } from "./pacing/turns/turn.ts";
