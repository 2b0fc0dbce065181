import { presenceSchema } from "@brigade/core";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { LiveStatus } from "../status/status.ts";
import { ratesQuerySchema } from "../wire/status.ts";
import { body, query } from "./questions.ts";
import type { Sessions } from "./session.ts";
import { eventStream } from "./streams/event-stream.ts";

/** Who speaks over HTTP has shown a token of the ledger's, and is no user of the broker. */
const overHttp = "HTTP";

/** How it goes now, from memory: answered at once, however busy the catalogue is. */
export function statusRoutes(status: LiveStatus | undefined, sessions: Sessions): Hono {
  const routes = new Hono();
  function live(): LiveStatus {
    if (status === undefined) throw new HTTPException(501, { message: "this ledger keeps no live status" });
    return status;
  }
  routes.get("/status", (context) => context.json(live().current()));
  routes.get("/events", (context) => {
    const isOfSession = sessions.has(context);
    return eventStream(live(), () => !isOfSession || sessions.has(context));
  });
  routes.get("/rates", (context) => {
    const { job } = query(context, ratesQuerySchema);
    const rates = live().rates(job);
    if (rates === undefined) {
      throw new HTTPException(404, { message: `${job} is not the latest job of a source` });
    }
    return context.json(rates);
  });
  // For services whose broker accepts nothing: otherwise their reports come through it.
  routes.post("/presence", async (context) => {
    live().notePresence(await body(context, presenceSchema), overHttp);
    return context.json({});
  });
  return routes;
}
