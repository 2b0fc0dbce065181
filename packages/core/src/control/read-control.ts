import { MessageError } from "../failures.ts";
import { parseBounded } from "../messages/bounded-json.ts";
import { type Control, controlSchema } from "./control.ts";

/** Bytes of one message: enough for 1,000 limits, hosts and disks with reasons. */
const mostBytes = 4 * 2 ** 20;
/** Names of unknown parts that are kept, and the characters of one. */
const mostNames = 20;
const longestName = 100;

/** What a service has understood of a control message. */
export interface HeardControl {
  readonly control: Control;
  /**
   * Parts that only a newer program knows, such as `limits.burst`. They are not obeyed. At most 20.
   */
  readonly unknown: readonly string[];
}

/** Throws MessageError, for people, where it cannot be obeyed. */
export function readControl(body: string | Buffer): HeardControl {
  const bytes = Buffer.byteLength(body);
  if (bytes > mostBytes) throw new MessageError(`${bytes} bytes are too many for a control message`);
  const told = parseBounded(body);
  const parsed = controlSchema.safeParse(told);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new MessageError(`control: ${issue?.path.join(".")}: ${issue?.message}`, { cause: parsed.error });
  }
  return { control: parsed.data, unknown: [...unknownIn(told, parsed.data, "")].slice(0, mostNames) };
}

/** Names what was told and is not in what was understood. */
function unknownIn(told: unknown, understood: unknown, path: string): Set<string> {
  const names = new Set<string>();
  if (Array.isArray(told) && Array.isArray(understood)) {
    for (const [at, one] of told.entries()) add(names, unknownIn(one, understood[at], path));
  } else if (isRecord(told) && isRecord(understood)) {
    for (const [key, value] of Object.entries(told)) {
      const name = path === "" ? key : `${path}.${key}`;
      if (key in understood) add(names, unknownIn(value, understood[key], name));
      else names.add(printed(name));
    }
  }
  return names;
}

function add(names: Set<string>, more: ReadonlySet<string>): void {
  for (const name of more) if (names.size < mostNames) names.add(name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** A name from outside, as it may be shown. */
function printed(name: string): string {
  return name.slice(0, longestName).replaceAll(/[^\w.-]/gu, "?");
}
