import assert from "node:assert/strict";
import { test } from "node:test";
import { runMeasured } from "../measured-run.ts";

const place = { cwd: process.cwd(), timeoutMs: 60_000, signal: new AbortController().signal };

function node(script: string) {
  return { program: process.execPath, args: ["-e", script] };
}

test("the CPU time of a command includes that of its children's children", {
  skip: process.platform !== "linux",
}, async () => {
  const busy = "const end = process.cpuUsage().user + 300_000; while (process.cpuUsage().user < end);";
  const { cpuSeconds } = await runMeasured(
    node(`require("node:child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(busy)}])`),
    place,
  );
  assert.ok(cpuSeconds >= 0.3, `${cpuSeconds} s`);
});

test("the peak of memory includes memory that was given back", {
  skip: process.platform !== "linux",
}, async () => {
  const script = `
    let block = Buffer.alloc(200e6, 1);
    setTimeout(() => { block = undefined; globalThis.gc(); }, 300);
    setTimeout(() => {}, 1500);`;
  const { program, args } = node(script);
  const { peakRss } = await runMeasured({ program, args: ["--expose-gc", ...args] }, place);
  assert.ok(peakRss > 200e6, `${peakRss} bytes`);
});

test("a command that fails is an error with the command's own message", async () => {
  const failing = runMeasured(node("console.error('no such bucket'); process.exit(3)"), place);
  await assert.rejects(failing, /ended with 3: no such bucket/);
});

test("a command that takes too long is killed", async () => {
  const hanging = runMeasured(node("setInterval(() => {}, 1000)"), { ...place, timeoutMs: 300 });
  await assert.rejects(hanging, /took longer than 0.3 s/);
});

test("an interrupt ends the measured command, and the error has the interrupt's reason", async () => {
  const interrupt = new AbortController();
  const running = runMeasured(node("setInterval(() => {}, 1000)"), { ...place, signal: interrupt.signal });
  interrupt.abort(new Error("interrupted by SIGINT"));
  await assert.rejects(running, /interrupted by SIGINT/);
});

test("a program that does not exist is an error", async () => {
  await assert.rejects(runMeasured({ program: "/no/such/program", args: [] }, place), /ENOENT/);
});
