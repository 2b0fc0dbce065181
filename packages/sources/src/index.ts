export type { LimitChange } from "./adaptive-limit.ts";
export { type ConfiguredSource, parseSource, sourceNames } from "./registry.ts";
export { withLimit } from "./with-limit.ts";
export { withRetry } from "./with-retry.ts";
