import type { Context } from "hono";

/**
 * The name by which the request calls this ledger: `name`, `name:port`, `[::1]:port`, in lower
 * case.
 */
export function hostOf(context: Context): string {
  return context.req.header("host")?.toLowerCase() ?? new URL(context.req.url).host;
}

/** An IPv6 address without its brackets. */
export function portlessName(host: string): string {
  return host.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1");
}

export function portOf(host: string): string {
  return /:(\d+)$/.exec(host)?.[1] ?? "80";
}
