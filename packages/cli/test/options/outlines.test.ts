import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { addCommands } from "../../src/commands/all.ts";
import { addOutlines, asksForOutlines } from "../../src/options/outlines.ts";

test("the program's help has the same outline for each command as the command itself", async () => {
  const shown = new Command("brigade");
  addOutlines(shown);
  const real = new Command("brigade");
  await addCommands(real, undefined, () => {}, new AbortController().signal);
  assert.equal(shown.helpInformation(), real.helpInformation());
});

test("commands are loaded unless only the program's help is asked for", () => {
  for (const line of ["", "--help", "-h", "help", "cpoy", "cpoy --help"])
    assert.equal(asksForOutlines(line.split(" ").filter(Boolean)), true, line);
  for (const line of [
    "copy",
    "copy --help",
    "help copy",
    "--env-file x copy",
    "--no-env-file copy",
    "get --help",
  ])
    assert.equal(asksForOutlines(line.split(" ")), false, line);
});
