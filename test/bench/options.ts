import { resolve } from "node:path";
import { parseArgs } from "node:util";

export const usage = `usage: npm run bench -- [flags]

Copies a tree of small files from a private nginx with brigade and with others, in rotated order, and compares:
speed, memory, CPU time per file, and that of each of brigade's threads, by the names that \`top -H\` shows.

  --rounds <n>     rounds of all contenders; medians are taken over them (3)
  --files <n>      files in the tree (60000)
  --size <bytes>   mean size of a file (20000)
  --only <names>   contenders, separated by commas: brigade,undici,curl,rclone,wget2,aria2,wrk (all)
  --against <folder>
                   another checkout, with \`npm ci\` done: each contender that is brigade runs a second time with
                   its code, as brigade-before, brigade-index-before, fleet-before…
  --concurrency <list>
                   brigade runs once with each value of FETCH_CONCURRENCY, as brigade-auto, brigade-64…
                   With --listing: the lister with each value of LIST_CONCURRENCY (auto)
  --threads <list> brigade runs once with each value of FETCH_THREADS, as brigade-1-threads…; with --concurrency,
                   each with each
  --delay <ms>     all that the server sends comes this much later, as over a long line (0)
  --tls            nginx answers by HTTPS, with a certificate that is made for the run and given to all contenders;
                   listings as of UpYun still come by HTTP
  --bed <bed>      what the copies are written to: "steady", a file system that is made anew for each run in an image
                   file, needs root; or "disk", the disk of --dir as it is, all copies are kept until the end (steady)
  --dir <folder>   where tree, image or copies lie (bench-results/ in the checkout)
  --timeout <s>    for one run of one contender (180)
  --rabbitmq       instead: broker, ledger, lister and downloader as a fleet on this machine, with batches of 64, 16 and
                   1 files, beside curl (--only fleet,fleet-16,fleet-1,curl). With --listing: queues in RabbitMQ
  --listing        instead: how fast the lister lists and queues, and what memory it takes
  --pause <ms>     with --listing: what the consumer rests at each batch, to be slower than the lister (0)
  --entries <list> with --listing: <files> or <directories>x<files each>
                   (1000000,10000000,1000000x3)
  --ledger         instead: how fast the ledger's catalogue takes results, how large it becomes and how long it lets
                   questions wait meanwhile
  --accounts       instead: what lister, queues and ledger of a \`copy\` take per file, in batches of 64, without network
                   and bodies; their databases lie in --dir
  --objects <n>    with --ledger and --accounts: objects of the job (1000000)
  --start          instead: how long commands take to start, beside \`node -e 0\` (--rounds 15)
  --no-install     do not install missing tools
  --json           results on stdout as JSON, the rest on stderr

brigade and the lister inherit NODE_OPTIONS, for instance to try other heap sizes.
`;

export interface Options {
  readonly rounds: number;
  readonly files: number;
  /** Mean, bytes. */
  readonly size: number;
  /** Names of contenders; absent: all. */
  readonly only: readonly string[] | undefined;
  /** Another checkout of brigade, to compare with. */
  readonly against: string | undefined;
  /** Values of FETCH_CONCURRENCY, or of LIST_CONCURRENCY. */
  readonly concurrency: readonly string[] | undefined;
  /** Values of FETCH_THREADS. */
  readonly threads: readonly string[] | undefined;
  readonly delayMs: number;
  readonly tls: boolean;
  readonly bed: "steady" | "disk";
  readonly directory: string;
  readonly timeoutMs: number;
  readonly rabbitmq: boolean;
  readonly listing: boolean;
  /** Milliseconds. */
  readonly pauseMs: number;
  readonly entries: readonly string[];
  readonly ledger: boolean;
  readonly accounts: boolean;
  readonly objects: number;
  readonly start: boolean;
  readonly install: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/** Throws with a line for people when a flag is wrong. */
export function parseOptions(argv: readonly string[], checkout: string): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: "string", default: "3" },
      files: { type: "string", default: "60000" },
      size: { type: "string", default: "20000" },
      only: { type: "string" },
      against: { type: "string" },
      concurrency: { type: "string" },
      threads: { type: "string" },
      delay: { type: "string", default: "0" },
      tls: { type: "boolean", default: false },
      bed: { type: "string", default: "steady" },
      dir: { type: "string", default: `${checkout}/bench-results` },
      timeout: { type: "string", default: "180" },
      rabbitmq: { type: "boolean", default: false },
      listing: { type: "boolean", default: false },
      pause: { type: "string", default: "0" },
      entries: { type: "string", default: "1000000,10000000,1000000x3" },
      ledger: { type: "boolean", default: false },
      accounts: { type: "boolean", default: false },
      objects: { type: "string", default: "1000000" },
      start: { type: "boolean", default: false },
      "no-install": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return {
    rounds: positive("--rounds", values.rounds),
    files: positive("--files", values.files),
    size: positive("--size", values.size),
    only: values.only?.split(","),
    against: values.against === undefined ? undefined : resolve(values.against),
    concurrency: values.concurrency?.split(","),
    threads: values.threads?.split(","),
    delayMs: Number(values.delay),
    tls: values.tls,
    bed: bedNamed(values.bed),
    directory: values.dir,
    timeoutMs: positive("--timeout", values.timeout) * 1000,
    rabbitmq: values.rabbitmq,
    listing: values.listing,
    pauseMs: Number(values.pause),
    entries: values.entries.split(","),
    ledger: values.ledger,
    accounts: values.accounts,
    objects: positive("--objects", values.objects),
    start: values.start,
    install: !values["no-install"],
    json: values.json,
    help: values.help,
  };
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`${name} must be a whole number above 0`);
  return number;
}

function bedNamed(name: string): Options["bed"] {
  if (name !== "steady" && name !== "disk") throw new Error('--bed must be "steady" or "disk"');
  return name;
}
