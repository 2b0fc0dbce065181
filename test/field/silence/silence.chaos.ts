import { test } from "node:test";
import { soakSome } from "./soak.ts";

test("with a site that gives wrong answers, every run over fifty trees that ends well has brought all of it", async (t) => {
  await soakSome(t, 50);
});
