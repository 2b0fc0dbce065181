import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, constants, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const checkout = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const units = join(checkout, "deploy/systemd");

const skip = await run("systemd-analyze", ["--version"]).then(
  () => false,
  () => "systemd-analyze is not here",
);

describe("the units for systemd", async () => {
  for (const name of await readdir(units)) {
    test(`${name} is what systemd takes`, { skip }, async () => {
      assert.equal(await complaints(name), "");
    });

    test(`${name} starts a service that there is`, async () => {
      const [, program = "", service = ""] =
        /^ExecStart=\/opt\/brigade\/(\S+) (\w+)$/m.exec(await textOf(name)) ?? [];
      await access(join(checkout, program), constants.X_OK);
      assert.match(name, new RegExp(`^brigade-${service}[.@]`));
    });
  }
});

async function textOf(name: string): Promise<string> {
  return await readFile(join(units, name), "utf8");
}

/** What systemd says of a unit, a template's first one, whose program is this checkout's. */
async function complaints(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "brigade-units-"));
  try {
    const path = join(folder, name.replace("@.", "@1."));
    await writeFile(path, (await textOf(name)).replaceAll("/opt/brigade/", `${checkout}/`));
    const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", path]);
    return (stdout + stderr).trim();
  } finally {
    await rm(folder, { recursive: true });
  }
}
