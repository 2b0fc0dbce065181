import { ConfigError, HostError, type Log, mostBodyBytes } from "@brigade/core";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { LiveStatus } from "../status/status.ts";
import { JobOpenError } from "../tables/jobs.ts";
import type { FailureFilter, GoneOn, GoOn, Retried } from "../wire/failures.ts";
import type { JobRecord } from "../wire/jobs.ts";
import { ownNamesOnly, ownPagesOnly, type Tokens, tokenNeeded } from "./access.ts";
import { controlRoutes, type OrderDesk } from "./control-routes.ts";
import { failureRoutes } from "./failure-routes.ts";
import { historyRoutes } from "./history-routes.ts";
import { jobRoutes } from "./job-routes.ts";
import { objectRoutes } from "./object-routes.ts";
import { pageRoutes } from "./page-routes.ts";
import { Sessions, sessionRoutes } from "./session.ts";
import { statusRoutes } from "./status-routes.ts";

/** `token` and `serviceToken` are asked for below `/api`. */
export interface LedgerAppOptions extends Tokens {
  /** Jobs are opened for these sources only; absent: for any. */
  readonly sources?: readonly string[];
  /**
   * Names and addresses of this ledger beside those of the loopback. Requests to any other are
   * refused.
   */
  readonly hosts?: readonly string[];
  /** Absent: `/api/status`, `/api/events` and `/api/rates` are not there (501). */
  readonly status?: LiveStatus;
  /** Puts failed objects and directories of a job back to work. Absent: that is not there (501). */
  readonly retry?: (job: JobRecord, filter: FailureFilter) => Promise<Retried>;
  /** Goes on with a job whose messages were lost. Absent: that is not there (501). */
  readonly goOn?: (job: JobRecord, how: GoOn) => Promise<GoneOn>;
  /** Where people give orders. Absent: that is not there (501). */
  readonly desk?: OrderDesk;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/**
 * The catalogue over HTTP, below `/api`, and a page to look at it. Errors are JSON: `{"error":
 * "…"}`.
 */
export function ledgerApp(catalogue: Catalogue, options: LedgerAppOptions): Hono {
  const { token, sources, hosts = [], status, retry, goOn, desk, log, now = Date.now } = options;
  const app = new Hono();
  app.onError((error, context) => {
    const code = statusOf(error);
    if (code >= 500 && code !== 501) {
      log.error({ err: error, path: context.req.path }, "a question to the ledger could not be answered");
    }
    return context.json({ error: error.message }, code);
  });
  app.notFound((context) => context.json({ error: `there is no ${context.req.path}` }, 404));

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        objectSrc: ["'none'"],
      },
      xFrameOptions: "DENY",
      // browsers follow these over TLS only, and complain about them otherwise
      strictTransportSecurity: false,
      crossOriginOpenerPolicy: false,
      originAgentCluster: false,
    }),
  );
  const sessions = new Sessions(now);
  for (const path of ["/api/*", "/metrics"]) app.use(path, ownNamesOnly(hosts));
  app.use("/api/*", ownPagesOnly);
  app.use("/api/*", tokenNeeded(options, sessions));
  const onError = () => {
    throw new HTTPException(413, { message: `no question is longer than ${mostBodyBytes} bytes` });
  };
  app.use("/api/*", bodyLimit({ maxSize: mostBodyBytes, onError }));
  app.use("/api/*", async (context, next) => {
    await next();
    if (!context.res.headers.has("cache-control")) context.header("cache-control", "no-store");
  });

  const changed = () => status?.refresh();
  const parts = { catalogue, changed, log };
  app.route("/api/session", sessionRoutes(token !== undefined, sessions));
  app.route("/api/jobs", jobRoutes({ ...parts, ...(sources !== undefined && { sources }) }));
  app.route("/api/jobs", failureRoutes({ ...parts, ...(retry && { retry }), ...(goOn && { goOn }) }));
  app.route("/api/history", historyRoutes(catalogue.history));
  app.route("/api/objects", objectRoutes(catalogue, log));
  app.get("/api/volumes", async (context) => context.json(await catalogue.questions.volumes()));
  app.post("/api/backup", async (context) => context.json(await catalogue.backup()));
  app.route("/api/control", controlRoutes(desk));
  app.route("/api", statusRoutes(status, sessions));
  app.route("/", pageRoutes());
  return app;
}

function statusOf(error: Error) {
  if (error instanceof HTTPException) return error.status;
  if (error instanceof JobOpenError) return 409;
  if (error instanceof ConfigError) return 422;
  return error instanceof HostError ? 503 : 500;
}
