/*
 * A door for `brigade get` alone. Behind the other one are listings and adapters too, which take as
 * long to load as a small file takes to come.
 */
export { readAuthorities, tlsSettings } from "./http/connecting/trust.ts";
export { chooseProxies } from "./http/proxies/proxies.ts";
export type { HttpFile } from "./http-file/http-file.ts";
export { FileChanged, RangesUnusable } from "./http-file/http-file.ts";
export { HttpFiles, type HttpFilesOptions, parseFileUrl } from "./http-file/http-files.ts";
export { CookieJar } from "./web/cookies.ts";
