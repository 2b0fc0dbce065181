import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "../../programs.ts";
import type { FleetRun } from "../fleet-run.ts";
import type { Command, MeasuredRun } from "../measured-run.ts";
import type { ThreadTime } from "../processes.ts";
import { assertComplete, type Tree } from "./tree.ts";

/** The files to copy, and their servers. */
export interface Site {
  readonly tree: Tree;
  /** nginx. */
  readonly url: string;
  /** The file of the certificate to be trusted, where `url` is one of HTTPS. */
  readonly authority: string | undefined;
  /** By HTTP in any case. */
  readonly listingUrl: string;
  /** For the lists of URLs that some contenders read. */
  readonly scratch: string;
  readonly checkout: string;
}

export interface Contender {
  readonly name: string;
  /** The program that must be there; absent for brigade itself. */
  readonly tool?: Program;
  /** Whether each file is synced to disk and its MD5 checked. For the table. */
  readonly safe: boolean;
  /** Once before all rounds. */
  setUp?(site: Site): void;
  /** Before a run, outside of its time; `target` is a new empty folder. */
  prepare?(site: Site, target: string): void;
  command(site: Site, target: string, program: string): Command;
  /** After a run: files and bytes that were truly copied. Throws when something is missing. */
  account(site: Site, target: string, run: MeasuredRun): Account;
}

export interface Account {
  readonly files: number;
  readonly bytes: number;
  /** What differs from the process's own. */
  readonly seconds?: number;
  readonly cpuSeconds?: number;
  readonly brokerCpuSeconds?: number;
  readonly peakRss?: number;
  readonly threads?: readonly ThreadTime[];
}

/** Whether a contender is this program, in any way it runs. */
export function isBrigade(name: string): boolean {
  return /^(brigade|fleet)/.test(name);
}

const parallel = 64;
const wrkSeconds = 3;

const brigade: Contender = {
  name: "brigade",
  safe: true,
  command: (site, target) => ({
    program: process.execPath,
    args: [join(site.checkout, "packages/cli/bin/brigade.js"), "copy", "upyun://bench/", target],
    env: {
      UPYUN_ENDPOINT: site.listingUrl,
      UPYUN_DOMAIN: site.url,
      UPYUN_OPERATOR: "operator",
      UPYUN_PASSWORD: "password",
      DURABILITY: "group",
      ...trust(site.authority, "SSL_CERT_FILE"),
    },
  }),
  account: (site, target) => accountTree(site, join(target, "bench")),
};

/** The same over the server's index pages, as rclone's http backend has to. */
const brigadeIndex: Contender = {
  name: "brigade-index",
  safe: true,
  command: (site, target) => ({
    program: process.execPath,
    args: [join(site.checkout, "packages/cli/bin/brigade.js"), "copy", `${site.url}/`, target],
    env: { DURABILITY: "group", ...trust(site.authority, "SSL_CERT_FILE") },
  }),
  account: (site, target) => accountTree(site, join(target, new URL(site.url).host.replaceAll(/[.:]/g, "-"))),
};

/** The least that Node can do: fetch, hash, write, rename, in one thread, without any report. */
const undici: Contender = {
  name: "undici",
  safe: false,
  setUp({ tree, scratch }) {
    writeFileSync(join(scratch, "keys"), tree.keys.join("\n"));
  },
  prepare: makeDirectories,
  command: ({ scratch, url, authority, checkout }, target) => ({
    program: process.execPath,
    env: trust(authority, "NODE_EXTRA_CA_CERTS"),
    args: [
      join(checkout, "test/bench/copy/bare-undici.ts"),
      url,
      join(scratch, "keys"),
      target,
      `${parallel}`,
    ],
  }),
  account: accountTree,
};

const curl: Contender = {
  name: "curl",
  tool: "curl",
  safe: false,
  setUp({ tree, url, scratch }) {
    const lines = tree.keys.map((key) => `url = "${url}/${key}"\noutput = "${key}"\n`);
    writeFileSync(join(scratch, "curl.config"), lines.join(""));
  },
  prepare: makeDirectories,
  command: ({ scratch, authority }, target, program) => ({
    program,
    args: [
      ...["-q", "--parallel", "--parallel-max", `${parallel}`, "--no-progress-meter", "-sS", "--fail"],
      ...(authority === undefined ? [] : ["--cacert", authority]),
      ...["--output-dir", target, "-K", join(scratch, "curl.config")],
    ],
  }),
  account: accountTree,
};

const rclone: Contender = {
  name: "rclone",
  tool: "rclone",
  safe: false,
  command: ({ url, authority }, target, program) => ({
    program,
    args: [
      ...(authority === undefined ? [] : ["--ca-cert", authority]),
      ...["copy", ":http:", target, "--http-url", url, "--config", "/dev/null"],
      ...[
        "--transfers",
        `${parallel}`,
        "--checkers",
        `${parallel}`,
        "--max-backlog",
        "100000",
        "--stats",
        "0",
      ],
    ],
  }),
  account: accountTree,
};

const wget2: Contender = {
  name: "wget2",
  tool: "wget2",
  safe: false,
  setUp: writeUrls,
  command: ({ scratch, authority }, target, program) => ({
    program,
    args: [
      ...(authority === undefined ? [] : [`--ca-certificate=${authority}`]),
      ...["-q", "--no-config", `--max-threads=${parallel}`, "-x", "-nH", "-P", target],
      ...["-i", join(scratch, "urls")],
    ],
  }),
  account: accountTree,
};

const aria2: Contender = {
  name: "aria2",
  tool: "aria2c",
  safe: false,
  setUp({ tree, url, scratch }) {
    const lines = tree.keys.map((key) => `${url}/${key}\n  out=${key}\n`);
    writeFileSync(join(scratch, "aria2.input"), lines.join(""));
  },
  command: ({ scratch, authority }, target, program) => ({
    program,
    args: [
      ...(authority === undefined ? [] : [`--ca-certificate=${authority}`]),
      ...["--no-conf", "--quiet", "-j", `${parallel}`, "--file-allocation=none", "--summary-interval=0"],
      ...["-d", target, "-i", join(scratch, "aria2.input")],
    ],
  }),
  account: accountTree,
};

/** The upper limit: the speed of nginx when nothing is written. It trusts any certificate. */
const wrk: Contender = {
  name: "wrk",
  tool: "wrk",
  safe: false,
  setUp({ tree, scratch }) {
    const paths = tree.keys.map((key) => `"/${key}"`).join(",");
    const script = `local paths = {${paths}}
local n = math.random(#paths)
request = function()
  n = n % #paths + 1
  return wrk.format("GET", paths[n])
end
done = function(summary)
  local errors = summary.errors
  print("TOTALS", summary.requests, summary.bytes, errors.connect + errors.read + errors.write + errors.status + errors.timeout)
end
`;
    writeFileSync(join(scratch, "wrk.lua"), script);
  },
  command: ({ scratch, url }, _target, program) => ({
    program,
    args: ["-t2", `-c${parallel}`, `-d${wrkSeconds}s`, "-s", join(scratch, "wrk.lua"), url],
  }),
  account(_site, _target, { stdout }) {
    const [, files, bytes, errors] = /^TOTALS\s+(\d+)\s+(\d+)\s+(\d+)/m.exec(stdout) ?? [];
    if (errors !== "0") throw new Error(`wrk saw ${errors ?? "unknown"} errors`);
    return { files: Number(files), bytes: Number(bytes) };
  },
};

/**
 * All services on this machine, the broker too: `fleet` with the default batches, `fleet-16` with
 * batches of 16 files.
 */
function fleet(name: string, batchFiles: number): Contender {
  return {
    name,
    safe: true,
    command: ({ listingUrl, url, authority, checkout }, target) => ({
      program: process.execPath,
      env: trust(authority, "SSL_CERT_FILE"),
      args: [join(checkout, "test/bench/fleet-run.ts"), listingUrl, url, target, `${batchFiles}`],
    }),
    account(site, target, { stdout }) {
      const told: FleetRun = JSON.parse(stdout);
      const { broker = 0, ...services } = told.cpuSeconds;
      return {
        ...accountTree(site, join(target, "volume", "bench")),
        seconds: told.seconds,
        cpuSeconds: sumOf(services),
        brokerCpuSeconds: broker,
        // Without the bench's own processes.
        ...(told.peakRss !== undefined && { peakRss: sumOf(told.peakRss) }),
        threads: told.threads ?? [],
      };
    },
  };
}

function sumOf(figures: Readonly<Record<string, number>>): number {
  return Object.values(figures).reduce((sum, figure) => sum + figure, 0);
}

export const fleetContenders: readonly Contender[] = [
  fleet("fleet", 64),
  curl,
  fleet("fleet-16", 16),
  fleet("fleet-1", 1),
];

export const contenders: readonly Contender[] = [
  brigade,
  brigadeIndex,
  undici,
  curl,
  rclone,
  wget2,
  aria2,
  wrk,
];

/** The variable by which a program is given the certificate to be trusted. */
function trust(authority: string | undefined, variable: string): Readonly<Record<string, string>> {
  return authority === undefined ? {} : { [variable]: authority };
}

function makeDirectories({ tree }: Site, target: string): void {
  for (const directory of tree.directories.keys()) mkdirSync(join(target, directory));
}

function writeUrls({ tree, url, scratch }: Site): void {
  writeFileSync(join(scratch, "urls"), tree.keys.map((key) => `${url}/${key}\n`).join(""));
}

function accountTree({ tree }: Site, landed: string): Account {
  assertComplete(tree, landed);
  return { files: tree.keys.length, bytes: tree.bytes };
}
