import { z } from "zod";

export const policiesSchema = z
  .array(
    z.object({
      name: z.string(),
      pattern: z.string(),
      "apply-to": z.string(),
      priority: z.number().catch(0),
      definition: z.record(z.string(), z.unknown()),
    }),
  )
  .max(10_000);
type Policy = z.infer<typeof policiesSchema>[number];

/** A policy that deletes messages of a source, or leads them elsewhere. */
export interface HarmfulPolicy {
  readonly kind: "policy" | "operator policy";
  readonly name: string;
  readonly pattern: string;
  /** The harmful keys with their values: `message-ttl 60000`. */
  readonly keys: readonly string[];
  readonly queues: readonly string[];
}

/** The values of a policy's `apply-to` that include our queues. */
const ours: readonly string[] = ["all", "queues", "quorum_queues"];
/**
 * A delivery limit below this can be reached by restarts and lost connections of consumers alone.
 */
const leastDeliveries = 1_000;

/** Returns the keys of a definition that delete messages of this queue, or lead them elsewhere. */
function harmfulKeys(queue: string, definition: Policy["definition"]): string[] {
  const deletes = ["message-ttl", "expires", "max-length", "max-length-bytes"];
  // A wait queue gives its messages back with the routing key that they came with.
  if (queue.includes(".wait.")) deletes.push("dead-letter-routing-key");
  const keys = deletes.filter((key) => key in definition);
  const limit = definition["delivery-limit"];
  if (typeof limit === "number" && limit < leastDeliveries) keys.push("delivery-limit");
  return keys;
}

/**
 * Per queue only the matching policy of the highest priority counts. If several have that priority,
 * any of them may.
 */
function applied(policies: readonly Policy[], queue: string): Policy[] {
  const matching = policies.filter((one) => ours.includes(one["apply-to"]) && matches(one.pattern, queue));
  const highest = Math.max(...matching.map(({ priority }) => priority));
  return matching.filter(({ priority }) => priority === highest);
}

/**
 * Erlang's patterns are nearly those of JavaScript. A pattern that cannot be read here may match
 * everything.
 */
function matches(pattern: string, queue: string): boolean {
  try {
    return new RegExp(pattern).test(queue);
  } catch {
    return true;
  }
}

export function harmfulPolicies(
  kind: HarmfulPolicy["kind"],
  policies: readonly Policy[],
  queues: readonly string[],
): HarmfulPolicy[] {
  const harms = queues.flatMap((queue) =>
    applied(policies, queue).map((policy) => ({
      policy,
      queue,
      keys: harmfulKeys(queue, policy.definition),
    })),
  );
  const byPolicy = Map.groupBy(
    harms.filter(({ keys }) => keys.length > 0),
    ({ policy }) => policy,
  );
  return policies.flatMap((policy) => {
    const hit = byPolicy.get(policy);
    if (hit === undefined) return [];
    const keys = [...new Set(hit.flatMap((one) => one.keys))];
    const { name, pattern, definition } = policy;
    return [
      {
        kind,
        name,
        pattern,
        queues: hit.map(({ queue }) => queue),
        keys: keys.map((key) => `${key} ${String(definition[key])}`),
      },
    ];
  });
}
