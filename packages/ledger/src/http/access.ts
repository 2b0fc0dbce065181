import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { isSession } from "./session.ts";

/** Who may ask. */

/** The token as `Authorization: Bearer …`, or a session that it was exchanged for. */
export function tokenNeeded(token: string, now: () => number): MiddlewareHandler {
  return async (context, next) => {
    if (!hasToken(context, token) && !(await isSession(context, token, now()))) {
      const error = "the ledger's token is needed: Authorization: Bearer …";
      return context.json({ error }, 401, { "www-authenticate": "Bearer" });
    }
    return await next();
  };
}

/** Compares in constant time, whatever was sent. */
function hasToken(context: Context, token: string): boolean {
  const given = context.req.header("authorization") ?? "";
  return timingSafeEqual(digest(given), digest(`Bearer ${token}`));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/**
 * No page of another origin may change anything, not even with our cookie or on our own machine. Browsers say where a
 * request comes from: in Sec-Fetch-Site when they trust the connection, in Origin always. Who says neither is no browser.
 */
export const ownPagesOnly: MiddlewareHandler = async (context, next) => {
  const { req } = context;
  if (!["GET", "HEAD", "OPTIONS"].includes(req.method) && !isOwn(context)) {
    throw new HTTPException(403, { message: "a page of another origin may not change anything here" });
  }
  await next();
};

function isOwn(context: Context): boolean {
  const site = context.req.header("sec-fetch-site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = context.req.header("origin");
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === hostOf(context));
}

/** Whoever reaches us by a name that is not this machine's own was led here by somebody's DNS. */
export const loopbackNamesOnly: MiddlewareHandler = async (context, next) => {
  const host = hostOf(context);
  if (!isLoopback(host)) {
    throw new HTTPException(421, {
      message: `this ledger has no token and answers as localhost only, not as ${host}: set LEDGER_TOKEN`,
    });
  }
  await next();
};

function hostOf(context: Context): string {
  return context.req.header("host")?.toLowerCase() ?? new URL(context.req.url).host;
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(host);
}
