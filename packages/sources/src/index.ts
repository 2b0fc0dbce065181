export type { AdaptiveLimit, LimitChange, LimitOptions } from "./adaptive-limit.ts";
export { type ConfiguredSource, parseSource, type SourceParser, type SourceReference } from "./registry.ts";
export { upyunVariables } from "./upyun/config.ts";
export { withLimit } from "./with-limit.ts";
export { type RetryOptions, withRetry } from "./with-retry.ts";
