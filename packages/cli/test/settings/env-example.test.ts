import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { brokerVariables } from "@brigade/broker";
import { volumeVariables } from "@brigade/volumes";
import {
  httpVariables,
  instanceVariables,
  ledgerClientVariables,
  ledgerVariables,
  settingsSchema,
} from "../../src/settings/settings.ts";

const text = readFileSync(new URL("../../../../.env.example", import.meta.url), "utf8");
const shown = new Map(
  [...text.matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]),
);
const schemas = [
  settingsSchema,
  volumeVariables,
  brokerVariables,
  ledgerClientVariables,
  ledgerVariables,
  httpVariables("ledger"),
  instanceVariables,
];

test(".env.example has every variable of the command line, and no default but the true one", () => {
  for (const schema of schemas) {
    for (const [name, value] of Object.entries(schema.shape)) {
      assert.ok(shown.has(name), `${name} is not in .env.example`);
      const told = shown.get(name) ?? "";
      const standard = value.safeParse(undefined);
      if (told === "" || !standard.success || standard.data === undefined || name === "VOLUMES") continue;
      assert.deepEqual(value.parse(told), standard.data, `${name}=${told} is not the default`);
    }
  }
});
