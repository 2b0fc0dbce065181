import { mkdirSync, mkdtempSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { accountsTable, benchAccounts } from "./accounts/accounts-bench.ts";
import { benchCopies } from "./copy/copy-bench.ts";
import { copyTable, summarise } from "./copy/copy-report.ts";
import { benchLedger, ledgerTable } from "./ledger/ledger-bench.ts";
import { benchListing, listingTable } from "./listing/listing-bench.ts";
import { parseOptions, usage } from "./options.ts";
import { removeTree } from "./remove-tree.ts";
import { benchStart, startTable } from "./start-bench.ts";

const checkout = resolve(import.meta.dirname, "../..");

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), checkout);
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => interrupt.abort(new Error(`interrupted by ${signal}`)));
  }
  mkdirSync(options.directory, { recursive: true });
  const home = mkdtempSync(join(resolve(options.directory), "bench-"));
  const place = { home, checkout, signal: interrupt.signal, say: (line: string) => console.error(line) };
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  try {
    if (options.ledger) {
      const result = await benchLedger(options, place);
      console.log(options.json ? JSON.stringify({ machine, result }, undefined, 2) : ledgerTable(result));
      return 0;
    }
    if (options.accounts) {
      const results = await benchAccounts(options, place);
      console.log(options.json ? JSON.stringify({ machine, results }, undefined, 2) : accountsTable(results));
      return 0;
    }
    if (options.listing) {
      const results = await benchListing(options, place);
      console.log(options.json ? JSON.stringify({ machine, results }, undefined, 2) : listingTable(results));
      return 0;
    }
    if (options.start) {
      const results = await benchStart(options, place);
      console.log(options.json ? JSON.stringify({ machine, results }, undefined, 2) : startTable(results));
      return 0;
    }
    const runs = await benchCopies(options, place);
    const summary = summarise(runs);
    console.log(options.json ? JSON.stringify({ machine, summary, runs }, undefined, 2) : copyTable(summary));
    return runs.some(({ failures }) => failures.length > 0) ? 1 : 0;
  } finally {
    await removeTree(home);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
