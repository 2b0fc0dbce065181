import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { findChromium } from "./chromium.ts";
import { hostileDirectory, hostileKey, hostilePause, Site } from "./site.ts";

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const token = "a token for tests";
/** Milliseconds until what is waited for must be there. */
const patience = 15_000;

let browser: Browser;
before(async (context) => {
  const executablePath = findChromium((what) => (context as TestContext).diagnostic(what));
  browser = await chromium.launch({ executablePath, args });
});
after(() => browser.close());

/** A page of the site, what it asked for and what it complained about. */
async function visit(site: Site, options: BrowserContextOptions = {}, path = "") {
  const context = await browser.newContext({
    colorScheme: "light",
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()))
      complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {}); // the page may be gone by then
  });
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(site.url + path);
  return {
    page,
    asked,
    /** Nothing went wrong, but for what is expected to; and nothing was asked of anybody else. */
    assertInnocent(expected?: RegExp) {
      assert.deepEqual(
        complaints.filter((one) => expected?.test(one) !== true),
        [],
      );
      assert.deepEqual(
        asked.filter((url) => new URL(url).origin !== site.url),
        [],
      );
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Records flow in until it is disposed of. */
function atWork(site: Site): AsyncDisposable {
  const leaving = new AbortController();
  const working = (async () => {
    while (!leaving.signal.aborted) {
      await site.work();
      await sleep(150);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await working;
    },
  };
}

async function textOf(locator: Locator): Promise<string> {
  return (await locator.textContent()) ?? "";
}

/** The figure with this name on the card of the source `photos`. */
function figure(page: Page, name: string) {
  return page
    .locator('[data-source="photos"] .terms div')
    .filter({ has: page.getByText(name, { exact: true }) })
    .locator("dd");
}

async function numberIn(page: Page, name: string): Promise<number> {
  return Number((await textOf(figure(page, name))).replace(/ ·.*/, "").replaceAll(",", ""));
}

/** Waits, for as long as is reasonable, until the value is right. */
async function eventually<T>(value: () => Promise<T>, isRight: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + patience;
  for (;;) {
    const found = await value();
    if (isRight(found)) return found;
    assert.ok(Date.now() < deadline, `not so after ${patience} ms: ${found}`);
    await sleep(100);
  }
}

/** How many pixels of the charts' canvases are not blank, each. */
async function drawn(page: Page): Promise<number[]> {
  return await page.evaluate(`[...document.querySelectorAll('[data-source="photos"] canvas')].map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, i) => i % 4 === 3 && value > 0).length;
  })`);
}

test("without the token there is the login form, and nothing else", async () => {
  await using site = await Site.open(token);
  await site.work();
  await using visited = await visit(site);
  const { page } = visited;
  await page.getByLabel(/asks for its token/).waitFor();
  assert.equal(await page.locator("#status").isVisible(), false);
  assert.doesNotMatch(await page.content(), /photos|host-1|job-1/);
  for (const path of ["status", "events", "rates?job=job-1", "jobs", "volumes", "jobs/job-1/failures"]) {
    assert.equal((await page.request.get(`${site.url}/api/${path}`)).status(), 401, path);
  }
  await page.getByLabel(/asks for its token/).fill("a guess");
  await page.keyboard.press("Enter");
  await page.getByText("That is not the token.").waitFor();
  visited.assertInnocent(/401/);
});

test("with the token once given the page shows the job, also after a reload, until logged out", async () => {
  await using site = await Site.open(token);
  await using _flow = atWork(site);
  await using visited = await visit(site);
  const { page } = visited;
  await page.getByLabel(/asks for its token/).fill(token);
  await page.getByRole("button", { name: "look" }).click();
  await page.locator('[data-source="photos"]').waitFor();
  await page.reload();
  await page.locator('[data-source="photos"]').waitFor();
  const readable = await page.evaluate("({ ...localStorage, ...sessionStorage, cookie: document.cookie })");
  assert.deepEqual(readable, { cookie: "" }, "no script can read a secret");
  await page.getByRole("button", { name: "log out" }).click();
  await page.getByLabel(/asks for its token/).waitFor();
  assert.equal(await page.locator("#status").isVisible(), false);
  visited.assertInnocent(/401/);
});

test("a token in the address's fragment becomes a session, and is removed from the address", async () => {
  const told = "kx7-told_in-an-address";
  await using site = await Site.open(told);
  await using _flow = atWork(site);
  await using visited = await visit(site, {}, `/#token=${told}`);
  const { page } = visited;
  await page.locator('[data-source="photos"]').waitFor();
  assert.equal(page.url(), `${site.url}/`);
  await page.reload();
  await page.locator('[data-source="photos"]').waitFor();
  await page.goto(`${site.url}/#token=a-guess`);
  await page.locator('[data-source="photos"]').waitFor();
  assert.equal(page.url(), `${site.url}/`);
  visited.assertInnocent(/401/);
});

test("figures change, the chart is drawn, and no request goes to another server", async () => {
  await using site = await Site.open();
  await using _flow = atWork(site);
  await using visited = await visit(site);
  const { page } = visited;
  await page.locator('[data-source="photos"]').waitFor();
  const first = await numberIn(page, "stored");
  await eventually(
    () => numberIn(page, "stored"),
    (stored) => stored > first,
  );
  await eventually(
    () => textOf(page.locator("#connection")),
    (text) => /[1-9][\d,.]* files\/s/.test(text),
  );
  const [files = 0, bytes = 0] = await eventually(
    () => drawn(page),
    (pixels) => pixels.every((n) => n > 2_000),
  );
  assert.ok(files > 0 && bytes > 0);
  await page.getByRole("button", { name: "6 h" }).click();
  assert.equal(await page.getByRole("button", { name: "6 h" }).getAttribute("aria-pressed"), "true");
  assert.match(await textOf(page.locator('[data-source="photos"] .queues')), /dead1$/);
  assert.match(
    await textOf(page.locator('[data-host="host-1"]')),
    /disk a[\s\S]*free of 4\.0 TB[\s\S]*disk b/,
  );
  assert.match(await textOf(page.locator('[data-source="docs"]')), /no job yet/);
  visited.assertInnocent();
});

test("a retry is asked about, posted, and the count falls", async () => {
  await using site = await Site.open();
  await site.work();
  await site.work();
  await using visited = await visit(site);
  const { page, asked } = visited;
  const row = page.locator('tr[data-class="missing"]');
  await row.waitFor();
  assert.equal(await numberIn(page, "failed"), 8);
  assert.equal(await textOf(row.locator("td").first()), "4");
  const retry = row.getByRole("button", { name: "retry" });
  const posted = () => asked.filter((url) => url.endsWith("/retry")).length;

  await retry.click();
  await page.getByRole("button", { name: "leave it" }).click();
  assert.equal(posted(), 0);
  await retry.click();
  await page.getByRole("button", { name: "put back to work" }).click();
  await page.getByText("4 objects and 0 directories are back at work.").waitFor();
  await eventually(
    () => numberIn(page, "failed"),
    (failed) => failed === 4,
  );
  await row.waitFor({ state: "detached" });
  assert.equal(posted(), 1);

  await page.getByRole("button", { name: "retry all" }).click();
  await page.getByRole("button", { name: "put back to work" }).click();
  await eventually(
    () => numberIn(page, "failed"),
    (failed) => failed === 0,
  );
  visited.assertInnocent();
});

test("names that look like markup are text", async () => {
  await using site = await Site.open();
  await site.work();
  await using visited = await visit(site);
  const { page } = visited;
  await page.locator('tr[data-class="missing"]').getByRole("button", { name: "look" }).click();
  const shown = (selector: string, text: string) =>
    page.locator(selector, { hasText: text }).first().waitFor();
  await shown(".misses code", hostileKey);
  await shown(".misses small", hostileKey);
  await shown(".working code", hostileDirectory);
  await page.getByText(hostilePause).first().waitFor();
  assert.equal(await page.locator("main img, main script, main b").count(), 0);
  visited.assertInnocent();
});

test("a ledger that is away is said to be, since when, and is followed again when it is back", async () => {
  await using site = await Site.open();
  await using _flow = atWork(site);
  await using visited = await visit(site);
  const { page } = visited;
  await page.locator('[data-source="photos"]').waitFor();
  await site.fallSilent();
  await page.getByText(/no answer since .*\d/).waitFor();
  assert.ok(await page.locator('[data-source="photos"]').isVisible(), "what was known stays");
  const before = await numberIn(page, "stored");
  await site.answer();
  await page
    .getByText(/files\/s/)
    .first()
    .waitFor();
  await page.getByText(/no answer since/).waitFor({ state: "detached" });
  await eventually(
    () => numberIn(page, "stored"),
    (stored) => stored > before,
  );
  visited.assertInnocent(/ERR_|Failed to load resource/);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`on a phone, ${colorScheme}, nothing is wider than the screen`, async () => {
    await using site = await Site.open();
    await site.work();
    await using visited = await visit(site, { colorScheme, viewport: { width: 360, height: 740 } });
    const { page } = visited;
    await page.getByRole("button", { name: "look" }).first().click();
    await page.locator(".misses").waitFor();
    await page.locator('[data-host="host-1"]').waitFor();
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 360);
    const ink = await page.evaluate<string>("getComputedStyle(document.body).color");
    assert.equal(Number(ink.match(/\d+/)?.[0]) > 128, colorScheme === "dark", ink);
    visited.assertInnocent();
  });
}
