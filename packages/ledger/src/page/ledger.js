// @ts-check

/** @import { Status } from "../wire/status.ts" */

/** What the ledger refuses, in its words. */
class Refusal extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Throws a Refusal, or an error when the ledger is away.
 *
 * @param {string} path below `/api/`
 * @param {RequestInit} [options]
 */
export async function ask(path, options) {
  const answer = await fetch(`/api/${path}`, options);
  if (answer.ok) return answer;
  const refusal = await answer.json().catch(() => undefined);
  throw new Refusal(answer.status, refusal?.error ?? `the ledger answers ${answer.status}`);
}

/** @param {string} path @param {unknown} body */
export async function post(path, body) {
  const headers = { "content-type": "application/json" };
  return await ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/**
 * The first rows of a list.
 *
 * @param {string} path
 * @param {number} most
 */
export async function firstRows(path, most) {
  const { body } = await ask(path);
  const rows = [];
  let rest = "";
  for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    rows.push(...lines.map((line) => JSON.parse(line)));
    if (rows.length > most) break;
  }
  return rows.filter((row) => row.end !== true).slice(0, most);
}

/** No event for so long, milliseconds, is no connection: there is one every 5 seconds. */
const silenceMs = 15_000;
const againMs = 3_000;

/**
 * Tells of every status until the ledger wants the token; goes on by itself when the ledger comes back.
 *
 * @param {(status: Status) => void} told
 * @param {(reason: string | undefined) => void} away why there is none; nothing when there is again
 */
export async function follow(told, away) {
  for (;;) {
    try {
      told(await (await ask("status")).json());
      away(undefined);
      await eventsOf(told);
      away("the connection broke");
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return;
      away(error instanceof Refusal ? error.message : "the ledger does not answer");
    }
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}

/**
 * Resolves when no more come.
 *
 * @param {(status: Status) => void} told
 * @returns {Promise<void>}
 */
function eventsOf(told) {
  const events = new EventSource("/api/events");
  return new Promise((resolve) => {
    let silence = setTimeout(end, silenceMs);
    function end() {
      clearTimeout(silence);
      events.close();
      resolve();
    }
    events.addEventListener("status", (event) => {
      clearTimeout(silence);
      silence = setTimeout(end, silenceMs);
      told(JSON.parse(event.data));
    });
    events.onerror = end;
  });
}
