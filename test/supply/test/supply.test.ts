import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../e2e/brigade.ts";

const checkout = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string) => readFileSync(join(checkout, path), "utf8");

interface LockedPackage {
  readonly version?: string;
  readonly link?: true;
  readonly dev?: true;
  readonly integrity?: string;
}

/** Those that come from a registry, by their paths. */
function fetchedPackages(): [path: string, LockedPackage][] {
  const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, LockedPackage> };
  const fetched = Object.entries(packages).filter(
    ([path, { link }]) => path.includes("node_modules/") && link !== true,
  );
  assert.ok(fetched.length > 100);
  return fetched;
}

test("the lockfile has the integrity of every package from a registry", () => {
  const without = fetchedPackages().filter(([, { integrity = "" }]) => !integrity.startsWith("sha512-"));
  assert.deepEqual(
    without.map(([path]) => path),
    [],
  );
});

test("every image is a variable with a fixed version, the same everywhere", () => {
  const compose = read("docker-compose.yml");
  const dockerfile = read("Dockerfile");
  for (const image of compose.match(/(?<=image: ).*/g) ?? []) assert.match(image, /^\$\{[A-Z_]+:-[^}]+\}$/);
  for (const from of dockerfile.match(/(?<=^FROM )\S+/gm) ?? []) assert.match(from, /^\$\{NODE_IMAGE\}$/);
  const [, broker] = /\$\{BROKER_IMAGE:-([^}]+)\}/.exec(compose) ?? [];
  assert.match(broker ?? "", /^rabbitmq:\d+\.\d+\.\d+-management$/);
  const [, node] = /\$\{NODE_IMAGE:-([^}]+)\}/.exec(compose) ?? [];
  assert.match(node ?? "", /^node:\d+\.\d+\.\d+-/);
  assert.equal(/^ARG NODE_IMAGE=(.*)$/m.exec(dockerfile)?.[1], node);
});

test("the broker's container has the rights of its entry point only, and writes to its data only", () => {
  const [broker = ""] = /^ {2}broker:\n(?: {4}.*\n)+/m.exec(read("docker-compose.yml")) ?? [];
  assert.match(broker, /cap_drop: \[ALL\]/);
  assert.match(broker, /cap_add: \[CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID\]/);
  assert.match(broker, /security_opt: \["no-new-privileges:true"\]/);
  assert.match(broker, /read_only: true/);
  const [, definitions] = /BROKER_DEFINITIONS: (.*)/.exec(broker) ?? [];
  assert.equal(/^load_definitions = (.*)$/m.exec(read("deploy/broker/container.conf"))?.[1], definitions);
});

/**
 * A checkout with a `docker` whose registry has one image; `digests`: the digests of that image.
 */
async function checkoutWithDocker(t: TestContext, environmentFile: string, digests = "node@sha256:0123") {
  const folder = await temporaryFolder(t);
  for (const path of ["deploy/pin-images.sh", "docker-compose.yml"])
    cpSync(join(checkout, path), join(folder, path));
  writeFileSync(join(folder, ".env"), environmentFile);
  chmodSync(join(folder, ".env"), 0o640);
  mkdirSync(join(folder, "bin"));
  const docker = `#!/bin/sh
case "$*" in
  "pull --quiet node:"*) ;;
  "image inspect"*) echo "${digests}" ;;
  *) echo "no such image" >&2; exit 1 ;;
esac
`;
  writeFileSync(join(folder, "bin", "docker"), docker, { mode: 0o755 });
  const environment = { PATH: `${join(folder, "bin")}${delimiter}${process.env.PATH}` };
  const pin = () => spawnSync(join(folder, "deploy/pin-images.sh"), { env: environment, encoding: "utf8" });
  return { pin, file: join(folder, ".env") };
}

test("pin-images.sh writes the registry's digests into .env, and leaves the rest as it is", async (t) => {
  const { pin, file } = await checkoutWithDocker(
    t,
    "A=1\nNODE_IMAGE=\"node:1.2.3@sha256:01d\"\nB='two words'\n",
  );
  for (let turn = 0; turn < 2; turn++) {
    const { status, stderr } = pin();
    assert.equal(status, 1);
    assert.match(stderr, /BROKER_IMAGE stays as it is: no registry gave a digest of rabbitmq:\d/);
    assert.equal(readFileSync(file, "utf8"), "A=1\nB='two words'\nNODE_IMAGE=node:1.2.3@sha256:0123\n");
    assert.equal(statSync(file).mode & 0o777, 0o640);
  }
});

test("pin-images.sh pins the version of the compose file where .env names none", async (t) => {
  const { pin, file } = await checkoutWithDocker(t, "");
  pin();
  assert.match(readFileSync(file, "utf8"), /^NODE_IMAGE=node:\d+\.\d+\.\d+-[\w-]+@sha256:0123\n$/);
});

test("pin-images.sh writes nothing for an image without a digest, such as one that was built here", async (t) => {
  const { pin, file } = await checkoutWithDocker(t, "A=1\n", "");
  const { status, stderr } = pin();
  assert.equal(status, 1);
  assert.match(stderr, /NODE_IMAGE stays as it is: no registry gave a digest of node:\d/);
  assert.equal(readFileSync(file, "utf8"), "A=1\n");
});

interface Component {
  readonly name: string;
  readonly version: string;
  readonly properties: readonly { readonly name: string }[];
}

// (With the option to leave out development packages, npm also leaves out some that run.)
test("the bill of materials names every package of the lockfile with its version, and marks those for development", () => {
  const printed = execFileSync("npm", ["run", "--silent", "sbom"], { cwd: checkout, encoding: "utf8" });
  const { components } = JSON.parse(printed) as { components: readonly Component[] };
  const told = components.map(({ name, version, properties }) => {
    const isForDevelopment = properties.some((one) => one.name === "cdx:npm:package:development");
    return `${name}@${version}${isForDevelopment ? " for development" : ""}`;
  });
  const locked = fetchedPackages().map(([path, { version, dev }]) => {
    const [, name] = /.*node_modules\/(.*)/.exec(path) ?? [];
    return `${name}@${version}${dev === true ? " for development" : ""}`;
  });
  assert.deepEqual(
    locked.filter((one) => !told.includes(one)),
    [],
  );
});
