import type { Turn } from "../../pacing/turns/turn.ts";
import type { Route } from "../origins/route.ts";
import type { ResponseBody } from "./response-body.ts";

/** As undici gives them: lower-case names, an array where a header came twice. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: ResponseHeaders;
  readonly body: ResponseBody;
  /** The way that it came. */
  readonly route: Route;
  /** Absent where nothing paces the requests. */
  readonly turn?: Turn | undefined;
}

/** The header's value; of several, the first. */
export function header(headers: ResponseHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.[0];
}
