import type { Return, Verdict } from "../contracts/broker.ts";

type Retry = Extract<Verdict, { kind: "retry" }>;

/** Returns the verdict by which these messages come back, each after its delay; `ack` for none. */
export function comeBack(returns: readonly Return[]): Verdict {
  const [first] = returns.toSorted((one, other) => one.delay - other.delay);
  if (first === undefined) return { kind: "ack" };
  const { delay } = first;
  const remainder = returns.filter((one) => one.delay === delay).map(({ message }) => message);
  const later = returns.filter((one) => one.delay !== delay);
  return { kind: "retry", remainder, delay, ...(later.length > 0 && { later }) };
}

/** Returns all messages that come back by this verdict, each with its delay. */
export function returnsOf({ remainder, delay, later = [] }: Retry): readonly Return[] {
  return [...remainder.map((message) => ({ message, delay })), ...later];
}
