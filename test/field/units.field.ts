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

describe("the units for systemd are valid and start services that exist", async () => {
  for (const name of await readdir(units)) {
    test(`systemd accepts ${name}`, { skip }, async () => {
      assert.equal(await complaints(name), "");
    });

    test(`${name} starts a command that exists`, async () => {
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

/**
 * Returns systemd's report on a unit (the first one of a template) whose program is this
 * checkout's.
 */
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
