import { randomBytes } from "node:crypto";
import { type Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { hostOf, portOf } from "./host.ts";

/** The ledger speaks plain HTTP: its cookie cannot be `Secure`. */
const options = { path: "/api", httpOnly: true, sameSite: "Strict" } as const;
/** Seconds. */
const lifetime = 30 * 24 * 3_600;
/** Sessions at a time. Beyond that the oldest ends. */
const mostSessions = 1_000;

/**
 * Sessions of browsers. A session is a random name in a cookie, which this process alone knows: a
 * session ends when the user leaves it, and all end with this process.
 */
export class Sessions {
  /** When each ends, Unix milliseconds; oldest first. */
  readonly #ends = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  has(context: Context): boolean {
    return (this.#ends.get(idOf(context)) ?? 0) > this.#now();
  }

  begin(context: Context): void {
    const id = randomBytes(24).toString("base64url");
    this.#ends.set(id, this.#now() + lifetime * 1_000);
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= mostSessions) break;
      this.#ends.delete(oldest);
    }
    setCookie(context, nameOf(context), id, { ...options, maxAge: lifetime });
  }

  end(context: Context): void {
    this.#ends.delete(idOf(context));
    deleteCookie(context, nameOf(context), options);
  }
}

/**
 * These routes come after the check of the token: POST with the token gives the cookie, DELETE ends
 * the session. GET answers whether there is a token at all.
 */
export function sessionRoutes(isTokenAsked: boolean, sessions: Sessions): Hono {
  const routes = new Hono();
  routes.get("/", (context) => context.json({ token: isTokenAsked }));
  routes.post("/", (context) => {
    if (isTokenAsked) sessions.begin(context);
    return context.body(null, 204);
  });
  routes.delete("/", (context) => {
    sessions.end(context);
    return context.body(null, 204);
  });
  return routes;
}

function idOf(context: Context): string {
  return getCookie(context, nameOf(context)) ?? "";
}

/** Browsers send a cookie to all ports of a host: each has its own. */
function nameOf(context: Context): string {
  return `brigade-session-${portOf(hostOf(context))}`;
}
