import { type Standing, standingSchema } from "@brigade/core";
import type { ThreadCall } from "./thread-call.ts";

/** What people have ordered, and holds. */
export interface KeptOrders {
  /** Resolves with `undefined` if nothing was ever ordered. */
  load(): Promise<Standing | undefined>;
  save(standing: Standing): Promise<void>;
}

export function keptOrders(thread: ThreadCall): KeptOrders {
  return {
    load: async () => {
      const text = await thread.ask("orders", "load");
      return text === undefined ? undefined : standingSchema.parse(JSON.parse(text));
    },
    save: (standing) => thread.ask("orders", "save", JSON.stringify(standing)),
  };
}
