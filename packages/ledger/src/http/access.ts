import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { hostOf, portlessName } from "./host.ts";
import type { Sessions } from "./session.ts";

/** Who may ask what. */
export interface Tokens {
  /** The token of the operator, for everything. Absent: no token is asked for. */
  readonly token?: string | undefined;
  /** The token of a lister, for questions and presence. */
  readonly serviceToken?: string | undefined;
}

/**
 * Asks for a token (`Authorization: Bearer …`), or for a session that was begun with the token of
 * the operator.
 */
export function tokenNeeded({ token, serviceToken }: Tokens, sessions: Sessions): MiddlewareHandler {
  return async (context, next) => {
    if (token === undefined || hasToken(context, token) || sessions.has(context)) return await next();
    if (serviceToken === undefined || !hasToken(context, serviceToken)) {
      const error = "the ledger's token is needed: Authorization: Bearer …";
      return context.json({ error }, 401, { "www-authenticate": "Bearer" });
    }
    if (isForServices(context)) return await next();
    return context.json({ error: "LEDGER_SERVICE_TOKEN may only ask and announce: show LEDGER_TOKEN" }, 403);
  };
}

/** Services may ask. Some questions are POSTs, as they are too long for an address. */
function isForServices({ req: { method, path } }: Context): boolean {
  if (method === "GET" || method === "HEAD") return true;
  return method === "POST" && (path.startsWith("/api/history/") || path === "/api/presence");
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
 * No page of another origin may change anything, not even with the cookie of this ledger or on this
 * machine. Browsers send where a request comes from: in Sec-Fetch-Site when they trust the
 * connection, in Origin always. A request with neither is not from a browser.
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

/**
 * Refuses requests to names that are not this ledger's. Such a request was led here by somebody
 * else's DNS, in a browser that would then give this ledger's answers to the pages of that name.
 * The loopback names of this machine are always accepted. `names`: the others, in lower case,
 * without ports.
 */
export function ownNamesOnly(names: readonly string[]): MiddlewareHandler {
  const own = new Set(names.map((name) => name.toLowerCase()));
  return async (context, next) => {
    const name = portlessName(hostOf(context));
    if (!isLoopback(name) && !own.has(name)) {
      throw new HTTPException(421, {
        message: `this ledger does not answer as ${name}: set LEDGER_HOSTS=${name} where it runs, if that is its name`,
      });
    }
    await next();
  };
}

function isLoopback(name: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(name);
}
