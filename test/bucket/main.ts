import { parseArgs } from "node:util";
import { startBucket } from "./bucket.ts";
import { parseFault } from "./faults/parse.ts";
import { sampleTree } from "./sample.ts";
import { compositeTree } from "./trees/composite.ts";
import { explicitTree, under } from "./trees/explicit.ts";
import { hostileRows, withHostileRows } from "./trees/hostile.ts";
import type { ObjectSet } from "./trees/object-set.ts";
import { oddObjects } from "./trees/odd-names.ts";
import { syntheticTree } from "./trees/synthetic.ts";
import { writeTree } from "./write-tree.ts";

const help = `A UpYun bucket on loopback, as a process of its own.

  node test/bucket/main.ts [options]

Objects (default: a synthetic tree of 10 directories with 100 files of 1 to 40 kB)
  --directories N --files N --depth N    leaf directories, files in each, levels above them
  --min-size BYTES --max-size BYTES --seed N
  --sample                               the demo's pictures instead
  --odd, --hostile                       odd names below odd/, hostile rows in the root's listing
  --write-tree DIR                       writes the objects to a folder first
Service
  --bucket NAME --operator NAME --password TEXT    default demo, operator, password
  --rest-port N --domain-port N          default: any free
  --max-limit N                          greatest page
  --fault KIND[@LISTS][=PROBABILITY]     e.g. 503=0.03, 429@list=0.1, reset@get,domain=0.02; may be repeated
  --listing-only                         bodies are refused: something else serves them
  --count-keys                           count requests by key too (memory per key)

Prints one line of JSON when it is ready, and its counters when SIGTERM or SIGINT stops it.
`;

const { values } = parseArgs({
  options: {
    directories: { type: "string", default: "10" },
    files: { type: "string", default: "100" },
    depth: { type: "string", default: "1" },
    "min-size": { type: "string", default: "1000" },
    "max-size": { type: "string", default: "40000" },
    seed: { type: "string", default: "1" },
    sample: { type: "boolean", default: false },
    odd: { type: "boolean", default: false },
    hostile: { type: "boolean", default: false },
    "write-tree": { type: "string" },
    bucket: { type: "string", default: "demo" },
    operator: { type: "string", default: "operator" },
    password: { type: "string", default: "password" },
    "rest-port": { type: "string", default: "0" },
    "domain-port": { type: "string", default: "0" },
    "max-limit": { type: "string", default: "10000" },
    fault: { type: "string", multiple: true, default: [] },
    "listing-only": { type: "boolean", default: false },
    "count-keys": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function whole(flag: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new TypeError(`--${flag} must be a whole number`);
  return Number(text);
}

function objects(): ObjectSet {
  const base = values.sample
    ? sampleTree()
    : syntheticTree({
        directories: whole("directories", values.directories),
        filesPerDirectory: whole("files", values.files),
        depth: whole("depth", values.depth),
        minSize: whole("min-size", values["min-size"]),
        maxSize: whole("max-size", values["max-size"]),
        seed: whole("seed", values.seed),
      });
  const odd = values.odd ? compositeTree(explicitTree(under("odd", oddObjects())), base) : base;
  return values.hostile ? withHostileRows(odd, hostileRows()) : odd;
}

async function main(): Promise<void> {
  const tree = objects();
  const written = values["write-tree"] === undefined ? undefined : writeTree(tree, values["write-tree"]);
  const bucket = await startBucket({
    tree,
    name: values.bucket,
    operator: values.operator,
    password: values.password,
    seed: whole("seed", values.seed),
    faults: values.fault.map(parseFault),
    restPort: whole("rest-port", values["rest-port"]),
    domainPort: whole("domain-port", values["domain-port"]),
    listing: { maxLimit: whole("max-limit", values["max-limit"]) },
    listingOnly: values["listing-only"],
    countKeys: values["count-keys"],
  });
  const { name, operator, restUrl, domainUrl, counters } = bucket;
  const stop = () => {
    console.log(JSON.stringify({ counters, rss: process.memoryUsage.rss(), cpu: process.cpuUsage() }));
    void bucket.close();
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  console.log(JSON.stringify({ restUrl, domainUrl, bucket: name, operator, pid: process.pid, written }));
}

if (values.help) console.log(help);
else await main();
