import { type Context, Hono } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";

/**
 * A browser's session: a cookie that says when it ends, signed with the token, which is not in it. So it needs no memory
 * here, and ends with the token. Plain HTTP as it is, it cannot be `Secure`.
 */
const name = "brigade-session";
const options = { path: "/api", httpOnly: true, sameSite: "Strict" } as const;
/** Seconds. */
const lifetime = 30 * 24 * 3_600;

/**
 * Behind the token's check: POST with the token gives the cookie, DELETE takes it back. GET says whether there is a token at
 * all.
 */
export function sessionRoutes(token: string | undefined, now: () => number): Hono {
  const routes = new Hono();
  routes.get("/", (context) => context.json({ token: token !== undefined }));
  routes.post("/", async (context) => {
    if (token !== undefined) {
      const ends = Math.floor(now() / 1_000) + lifetime;
      await setSignedCookie(context, name, String(ends), token, { ...options, maxAge: lifetime });
    }
    return context.body(null, 204);
  });
  routes.delete("/", (context) => {
    deleteCookie(context, name, options);
    return context.body(null, 204);
  });
  return routes;
}

export async function isSession(context: Context, token: string, now: number): Promise<boolean> {
  const ends = await getSignedCookie(context, token, name);
  return typeof ends === "string" && Number(ends) * 1_000 > now;
}
