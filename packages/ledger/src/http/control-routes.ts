import { type Order, orderSchema, type Standing } from "@brigade/core";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { body } from "./questions.ts";

/** Where orders are given and told on. */
export interface OrderDesk {
  /** What holds now. */
  readonly standing: Standing;
  /**
   * Resolves with what holds then, when it is kept. Rejects with ConfigError if it cannot be obeyed
   * here, and with HostError if it cannot be kept.
   */
  order(order: Order): Promise<Standing>;
}

/** What people order of the fleet. */
export function controlRoutes(desk: OrderDesk | undefined): Hono {
  const routes = new Hono();
  function open(): OrderDesk {
    if (desk === undefined) throw new HTTPException(501, { message: "no orders can be given here" });
    return desk;
  }
  routes.get("/", (context) => context.json(open().standing));
  routes.post("/", async (context) => context.json(await open().order(await body(context, orderSchema))));
  return routes;
}
