export type { LimitChange } from "./adaptive-limit.ts";
export { CookieJar } from "./http-file/cookies.ts";
export { FileChanged } from "./http-file/file-changed.ts";
export type { HttpFile } from "./http-file/http-file.ts";
export { HttpFiles, type HttpFilesOptions, parseFileUrl } from "./http-file/http-files.ts";
export { chooseProxies } from "./http-file/proxies.ts";
export { type ConfiguredSource, parseSource, sourceNames } from "./registry.ts";
export { withLimit } from "./with-limit.ts";
export { withRetry } from "./with-retry.ts";
