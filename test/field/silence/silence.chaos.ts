import { test } from "node:test";
import { soakSome } from "./soak.ts";

test("of fifty trees whose site lies now and then, every run that ends well has brought all of it", async (t) => {
  await soakSome(t, 50);
});
