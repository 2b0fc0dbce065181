import { HostError } from "@brigade/core";
import { z } from "zod";
import { addressesOf } from "../rabbitmq/connecting/address.ts";
import { allQueueNames, queueNames } from "../rabbitmq/topology/queues.ts";
import { type ManagementAddress, parseManagementAddress } from "./address.ts";
import { type HarmfulPolicy, harmfulPolicies, policiesSchema } from "./policies.ts";

/** Milliseconds for an answer, and bytes of it at most. */
const answerWithin = 10_000;
const longestAnswer = 4 * 1024 * 1024;

/** Just after a queue was made it has no figures. RabbitMQ writes "no columns" as an empty list. */
const queueSchema = z.union([z.object({ messages: z.int().nonnegative().optional() }), z.tuple([])]);

export interface ManagementOptions {
  /** http[s]://user:password@host[:port] */
  readonly url: string;
  /** The broker's AMQP URL, which names the vhost. */
  readonly amqpUrl: string;
  /** PEM of a private CA. */
  readonly ca?: string | undefined;
}

/**
 * What only the management API answers about a broker. Everything rejects with HostError, whose text
 * leaves the password out.
 */
export class ManagementApi {
  readonly #address: ManagementAddress;
  readonly #vhost: string;
  readonly #ca: string | undefined;

  /** Throws TypeError. Its message leaves the URL out, because the URL holds a password. */
  constructor({ url, amqpUrl, ca }: ManagementOptions) {
    const address = parseManagementAddress(url);
    if (address === undefined) throw new TypeError("this is no URL of a management API");
    this.#address = address;
    this.#vhost = addressesOf(amqpUrl)[0].vhost;
    this.#ca = ca;
  }

  /**
   * Resolves with the policies that would delete messages of the source, or lead them elsewhere.
   */
  async harmfulPolicies(source: string): Promise<HarmfulPolicy[]> {
    const vhost = encodeURIComponent(this.#vhost);
    const [policies, operatorPolicies] = await Promise.all([
      this.#ask(`policies/${vhost}`, policiesSchema),
      this.#ask(`operator-policies/${vhost}`, policiesSchema),
    ]);
    const queues = allQueueNames(source);
    return [
      ...harmfulPolicies("policy", policies, queues),
      ...harmfulPolicies("operator policy", operatorPolicies, queues),
    ];
  }

  /**
   * Resolves with the number of messages in the wait queues of the source, ready or not, as of some
   * seconds ago.
   */
  async waiting(source: string): Promise<number> {
    const vhost = encodeURIComponent(this.#vhost);
    const queues = await Promise.all(
      queueNames(source, "wait").map((name) =>
        this.#ask(`queues/${vhost}/${encodeURIComponent(name)}?columns=messages`, queueSchema),
      ),
    );
    return queues.reduce((sum, queue) => sum + ("messages" in queue ? (queue.messages ?? 0) : 0), 0);
  }

  async #ask<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>> {
    const { host, user } = this.#address;
    const failed = (reason: string, cause?: unknown) =>
      new HostError("io", `the broker's management API at ${host}: ${reason}`, { cause });
    let answer: { readonly status: number; readonly text: string };
    try {
      answer = await this.#get(`/api/${path}`);
    } catch (error) {
      throw failed(error instanceof Error ? error.message || String(error) : String(error), error);
    }
    if (answer.status === 401 || answer.status === 403)
      throw failed(`refuses user "${user}": wrong password, or the user lacks the tag "policymaker"`);
    if (answer.status !== 200) throw failed(`it answers with status ${answer.status}`);
    try {
      return schema.parse(JSON.parse(answer.text));
    } catch (error) {
      throw failed("this is not how RabbitMQ answers", error);
    }
  }

  async #get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const { origin, user, password } = this.#address;
    // node:http brings fetch: to load both takes 30 ms of CPU.
    const http = origin.startsWith("https:") ? await import("node:https") : await import("node:http");
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
    const request = http.request(origin + path, {
      auth: `${user}:${password}`,
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(answerWithin),
      ...(this.#ca === undefined ? {} : { ca: [this.#ca] }),
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
        if (text.length > longestAnswer) request.destroy(new Error("its answer does not end"));
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.end();
    return await promise;
  }
}
