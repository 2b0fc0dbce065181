export type { DirectSource } from "./direct/direct-source.ts";
export { variablePrefix } from "./http/fetch-variables.ts";
export type { PaceChange } from "./pacing/pace-options.ts";
export type { Pacing } from "./pacing/pacing.ts";
export { isTrouble } from "./pacing/turns/turn.ts";
export type { ConfiguredSource, StoreClock } from "./reference/source-reference.ts";
export { parseSource, sourceNames, sourceVariables } from "./registry.ts";
export { withRetry } from "./with-retry.ts";
