import type { Log } from "@brigade/core";

/** What a line says, and how to write it with other fields. */
interface Line {
  readonly fields: object;
  readonly message: string;
  readonly write: (fields: object, message: string) => void;
}

/** Lines that are alike. */
interface Kind {
  /** Lines that may be written at once; grows by one each `oneEvery`, up to `mostAtOnce`. */
  credit: number;
  /** When the credit was counted last, milliseconds. */
  countedAt: number;
  /** The line written last, as text, and when. */
  shown: string;
  shownAt: number;
  /** Lines kept back since `keptSince`, and the latest of them. */
  kept: number;
  keptSince: number;
  /** Milliseconds until they are written as one. */
  patience: number;
  example: Line | undefined;
}

/** Lines of one kind that are written at once. */
const mostAtOnce = 5;
/** Milliseconds until lines that were kept back are written as one: at first, and from then on. */
const oneEvery = 10_000;
const thenEvery = 60_000;
/** Milliseconds between two looks at what was kept back. */
const lookEvery = 1_000;
/** Kinds that are kept, and reasons of one message that count as different, at most. */
const mostKinds = 500;
const mostReasons = 20;

/**
 * Makes one line of many that are alike. The first five are written at once, then one after ten
 * seconds and one every minute, with the number of lines that it stands for. All are counted if
 * `flush` is called at the end. Memory and time per line do not grow with their number.
 */
export class RepeatedLines {
  readonly #kinds = new Map<string, Kind>();
  readonly #reasons = new Map<string, Set<string>>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;

  /** `now`: milliseconds that only grow. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** `place`: what else distinguishes kinds, such as level and source. */
  add(place: string, line: Line): void {
    const kind = this.#kindOf(`${place} ${line.message}`, pattern(line.fields));
    const text = JSON.stringify(line.fields, replaceErrors);
    const now = this.#now();
    kind.credit = Math.min(mostAtOnce, kind.credit + (now - kind.countedAt) / oneEvery);
    kind.countedAt = now;
    const isEqual = text === kind.shown && now - kind.shownAt < oneEvery;
    if (kind.credit >= 1 && !isEqual && kind.kept === 0) {
      line.write(line.fields, line.message);
      Object.assign(kind, { credit: kind.credit - 1, shown: text, shownAt: now, patience: oneEvery });
      return;
    }
    if (kind.kept === 0) kind.keptSince = now;
    kind.kept++;
    kind.example = line;
    this.#timer ??= setInterval(() => this.#writeDue(), lookEvery).unref();
  }

  /** Writes what was kept back. */
  flush(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const kind of this.#kinds.values()) this.#write(kind);
  }

  #writeDue(): void {
    const waiting = [...this.#kinds.values()].filter(({ kept }) => kept > 0);
    if (waiting.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const now = this.#now();
    for (const kind of waiting) if (now - kind.keptSince >= kind.patience) this.#write(kind);
  }

  #write(kind: Kind): void {
    const { kept, example } = kind;
    if (kept === 0 || example === undefined) return;
    Object.assign(kind, {
      kept: 0,
      example: undefined,
      credit: 0,
      countedAt: this.#now(),
      patience: thenEvery,
    });
    // One line alone has no count.
    if (kept === 1) example.write(example.fields, example.message);
    else example.write({ ...example.fields, count: kept }, `${example.message} (${kept} like this one)`);
  }

  /** Returns the line's kind. The kinds that were seen last are kept. */
  #kindOf(message: string, reason: string): Kind {
    const reasons = this.#reasons.get(message) ?? new Set();
    this.#reasons.set(message, reasons);
    if (reasons.size < mostReasons) reasons.add(reason);
    const key = reasons.has(reason) ? `${message} ${reason}` : message;
    const known = this.#kinds.get(key);
    const kind = known ?? {
      credit: mostAtOnce,
      countedAt: this.#now(),
      shown: "",
      shownAt: 0,
      kept: 0,
      keptSince: 0,
      patience: oneEvery,
      example: undefined,
    };
    this.#kinds.delete(key);
    this.#kinds.set(key, kind);
    const [oldest] = this.#kinds;
    if (this.#kinds.size > mostKinds && oldest !== undefined) {
      this.#kinds.delete(oldest[0]);
      this.#write(oldest[1]);
    }
    return kind;
  }
}

/** Characters of a reason that distinguish kinds. */
const mostOfReason = 300;

/**
 * Returns a line's reason without what differs between objects: names, paths, numbers (but
 * statuses).
 */
function pattern(fields: object): string {
  const { reason, err, ...others } = fields as { reason?: unknown; err?: unknown } & Record<string, unknown>;
  const text = err instanceof Error ? err.message : typeof reason === "string" ? reason : "";
  let short = text.slice(0, mostOfReason);
  for (const value of Object.values(others)) {
    if (typeof value === "string" && value.length > 1) short = short.replaceAll(value, "…");
  }
  return short
    .replaceAll(/"[^"]*"/g, "…")
    .replaceAll(/\S*\/\S*/g, "…")
    .replaceAll(/(?<!status )\b[0-9a-f-]*\d[0-9a-f-]*/gi, "#");
}

function replaceErrors(_name: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}

/**
 * Returns a log whose lines of information, warning and error pass `repeated`. Lines for developers
 * do not.
 */
export function withoutRepetition(log: Log, repeated: RepeatedLines, place = ""): Log {
  const passing =
    (level: "info" | "warn" | "error") =>
    (fields: object, message: string): void => {
      const write = (fields: object, message: string) => log[level](fields, message);
      repeated.add(`${place} ${level}`, { fields, message, write });
    };
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: passing("info"),
    warn: passing("warn"),
    error: passing("error"),
    child: (fields) => withoutRepetition(log.child(fields), repeated, `${place} ${JSON.stringify(fields)}`),
  };
}
