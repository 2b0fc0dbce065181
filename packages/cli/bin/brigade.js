#!/bin/sh
":" /*
# For a shell, all down to "exec" is a script; for Node it is a comment. So the command needs no Node
# on the PATH (cron has none there), and it can tell that nohup had SIGHUP ignored: Node ends that
# before any code runs. After "--", Node takes no argument as its own: it would read the file of
# --env-file, also one that another user has written.
file=$(command -p readlink -f "$0")
node="${file%/*}/../../../node_modules/.bin/node"
# With the flags of src/limits/start.ts, the process need not replace itself (below).
case "${1-help}" in
  get | help | -*) flags= ;;
  lister) flags='--max-semi-space-size=2 --invocation-count-for-turbofan=100000' ;;
  ledger) flags='--max-semi-space-size=8 --invocation-count-for-turbofan=100000' ;;
  *) flags='--max-semi-space-size=16 --invocation-count-for-turbofan=100000' ;;
esac
# The last one is a URL: it needs a path without special characters.
case "$file" in
  *[!A-Za-z0-9._/-]*) flags= ;;
  *) flags="${flags:+$flags --import=file://${file%/*}/resolve.js}" ;;
esac
[ -x "$node" ] || { flags=; node=$(command -v node); } || {
  echo 'brigade needs Node 24.12 or newer, and there is none: "npm ci" brings one.' >&2
  exit 2
}
if [ -r /proc/$$/status ]; then
  while read -r name mask; do
    case "$name$mask" in SigIgn:*[13579bdf]) export BRIGADE_SIGHUP=ignored ;; esac
  done </proc/$$/status
fi
exec "$node" $flags -- "$file" "$@"
*/
// Plain JavaScript that any Node can read. The sources run unbuilt and need Node 24.12, which
// `npm ci` puts into node_modules/.bin. An older Node that runs this hands over to that one.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

/** Where stripped and compiled sources are kept between starts, for this thread and its workers. */
const cache = fileURLToPath(new URL("../../../node_modules/.cache/brigade", import.meta.url));

const resolve = new URL("./resolve.js", import.meta.url).href;

/** Whether requests may go through a proxy. */
const proxied =
  process.argv.some((word) => /^--proxy(=|$)/.test(word)) ||
  Object.keys(process.env).some((name) => /^(http|https|all)_proxy$/i.test(name));

/**
 * Megabytes of V8's young generation. Bodies pass through memory that is freed with it: with V8's
 * default, hundreds of megabytes of them wait for the collector. With 8 in place of 16, a copy of
 * small files takes 5 % more CPU time. A lister and a ledger have no bodies, and pages would fill
 * any size. `get` has one buffer per read if bodies come through a proxy. If they come directly, it
 * has none, and the default is right. Flags must stand on the command line. The shell part above
 * gives the usual ones. If others are needed, the process replaces itself once, which takes as long
 * as `node -e 0`.
 */
const young = { lister: 2, ledger: 8, get: proxied ? 1 : undefined };
const [command = "help", ...others] = process.argv.slice(2);
const size = Object.hasOwn(young, command) ? young[command] : 16;
const isHelp = command === "help" || [command, others.at(-1)].some((word) => word === "--help" || word === "-h");

noteUndecoded();

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (!(major > 24 || (major === 24 && minor >= 12))) {
  handOver(fileURLToPath(new URL("../../../node_modules/.bin/node", import.meta.url)));
} else {
  // Before the first import: sources that are stripped and compiled already do not need the stripper,
  // which takes longest to load.
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE || cache);
  if (isHelp) void start({ flags: [], environment: {}, usual: [] });
  else void import("../src/limits/start.ts").then(({ startFor }) => start(startFor(size)));
}

/** Replaces the process by one with these flags; if it has them already, the program begins. */
async function start({ flags, environment, usual }) {
  if (process.execve !== undefined && !flags.every((flag) => process.execArgv.includes(flag))) {
    const [node, ...rest] = process.argv;
    // On the command line, it holds for workers too.
    const own = [...flags, `--import=${resolve}`];
    const ofShell = [...usual, `--import=${resolve}`];
    const others = process.execArgv.filter((flag) => !ofShell.includes(flag));
    process.execve(node, [node, ...own, ...others, "--", ...rest], { ...environment, ...process.env });
  }
  await import(resolve);
  setDefault("NODE_COMPILE_CACHE", cache);
  // A volume that syncs holds one of these threads, and names are looked up on them.
  setDefault("UV_THREADPOOL_SIZE", "16");
  void import("../src/main.ts");
}

/**
 * Bytes of arguments and variables that are not UTF-8 have become U+FFFD here, and later code could
 * not tell it from one that was typed. So it is told the words with such bytes, and their paths.
 * Without /proc it is told none.
 */
function noteUndecoded() {
  const isDoubtful = [...process.argv, ...Object.values(process.env)].some((text) => text.includes("\ufffd"));
  try {
    const words = isDoubtful ? [...wordsOf("/proc/self/cmdline"), ...wordsOf("/proc/self/environ")] : [];
    const noted = words.filter(isUndecoded).flatMap((word) => pathsIn(word.toString()));
    setDefault("BRIGADE_NOT_UTF8", noted.map(encodeURIComponent).join(" "));
  } catch (error) {
    if (error.code === undefined) throw error;
  }
}

function wordsOf(file) {
  const words = readFileSync(file, "latin1").split("\0");
  return words.map((word) => Buffer.from(word, "latin1"));
}

function isUndecoded(bytes) {
  return !bytes.equals(Buffer.from(bytes.toString()));
}

/** A path, --flag=path, or VARIABLE=path:path. */
function pathsIn(word) {
  const value = word.slice(word.indexOf("=") + 1);
  return [word, value, ...value.split(":").map((path) => path.trim())];
}

function setDefault(name, value) {
  if (process.env[name] === undefined) process.env[name] = value;
}

function handOver(node) {
  if (!existsSync(node)) {
    console.error(
      `brigade needs Node 24.12 or newer, this is ${process.versions.node}. "npm ci" brings one.`,
    );
    process.exit(2);
  }
  const child = spawn(node, ["--", fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  forwardSignals(child);
  child.on("error", (error) => {
    console.error(`brigade could not start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
}

/**
 * A signal from a terminal goes to the whole group, so also to the child. Sent on, it would count
 * twice, and a second signal ends the program at once.
 */
function forwardSignals(child) {
  const fromTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"]) {
    process.on(signal, () => {
      if (signal === "SIGTERM" || !fromTerminal) child.kill(signal);
    });
  }
}
