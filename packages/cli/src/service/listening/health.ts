import type { Hono } from "hono";
import type { Metrics, Standing } from "./metrics.ts";

/** `/healthz`: 200 while the process is alive, however the broker and the disks are. `/metrics`: for Prometheus. */
export function addHealth(app: Hono, service: string, standing: () => Standing, metrics: Metrics): void {
  app.get("/healthz", (context) => context.json({ service, ...standing() }));
  app.get("/metrics", async (context) =>
    context.body(await metrics.registry.metrics(), 200, { "content-type": metrics.registry.contentType }),
  );
}
