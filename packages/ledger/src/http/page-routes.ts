import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { type Context, Hono } from "hono";
import { compress } from "hono/compress";
import { etag } from "hono/etag";

const page = new URL("../page/", import.meta.url);

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The page for browsers. It contains no data: it asks the API for that. */
export function pageRoutes(): Hono {
  const routes = new Hono();
  routes.use(etag(), compress());
  routes.get("/", (context) => send(context, new URL("index.html", page)));
  for (const [name, file] of files()) routes.get(`/page/${name}`, (context) => send(context, file));
  return routes;
}

/** The files of the page by their names. Other files cannot be had. */
function files(): (readonly [string, URL])[] {
  const own = [page, new URL("style/", page)].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => [".css", ".js", ".svg"].includes(extname(name)))
      .map((name) => [name, new URL(name, folder)] as const),
  );
  return [
    ...own,
    ["uplot.js", new URL(import.meta.resolve("uplot/dist/uPlot.esm.js"))],
    ["uplot.css", new URL(import.meta.resolve("uplot/dist/uPlot.min.css"))],
  ];
}

async function send(context: Context, file: URL): Promise<Response> {
  return context.body(await readFile(file), 200, {
    "content-type": types[extname(file.pathname)] ?? "application/octet-stream",
    "cache-control": "no-cache",
  });
}
