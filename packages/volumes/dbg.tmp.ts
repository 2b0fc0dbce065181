import { mkdtempSync } from "node:fs";
import { openVolume } from "./src/index.ts";
import { bytesOf, newObject, silentLog } from "./test/scratch.ts";

const v = await openVolume(mkdtempSync("/tmp/volumes/dbg-"), {
  init: true,
  instance: "x",
  durability: "group",
  log: { ...silentLog, warn: console.error },
});
const key = `${"é".repeat(200)}/${"n".repeat(700)}`;
for (const k of [
  key,
  Array.from({ length: 30 }, () => "n".repeat(200)).join("/"),
  "n".repeat(5000),
  "../out",
]) {
  console.log(k.length);
  console.log(await v.put(newObject(k), bytesOf("x")).catch((e) => String(e).slice(0, 200)));
}
const s = await v.open(newObject("big"));
console.log("open");
for (let i = 0; i < 9; i++) {
  await s.write(new Uint8Array(300000));
  console.log(i);
}
console.log(await s.finish());
await v[Symbol.asyncDispose]();
