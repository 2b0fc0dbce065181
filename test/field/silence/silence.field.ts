import { test } from "node:test";
import { soakSome } from "./soak.ts";

/*
 * Web servers, caches and portals that lie without a word: every run that ends well has brought the whole tree.
 */

test("of three trees whose site lies now and then, every run that ends well has brought all of it", async (t) => {
  await soakSome(t, 3, 5);
});
