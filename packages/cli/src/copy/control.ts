import { LocalControl } from "@brigade/broker";
import { ControlState } from "@brigade/core";
import { ControlDesk } from "../control/control-desk.ts";
import { openSocketDoor } from "../control/socket-door.ts";
import { socketFolder, socketOf } from "../control/socket-folder.ts";
import type { Opened } from "./open-state.ts";
import type { CopyRequest } from "./request.ts";

/** Where people give orders to this run, and what it has heard of them. */
export interface CopyControl {
  readonly desk: ControlDesk;
  readonly state: ControlState;
}

const alone = { downloaders: 1, listers: 1, hosts: [] };

/**
 * Lets commands of this user give orders to the run, by a socket. What an earlier run was told holds
 * still. Rejects with HostError if that cannot be read.
 */
export async function copyControl(
  { configuration: { name }, log }: CopyRequest,
  { catalogue, broker }: Opened,
  resources: AsyncDisposableStack,
): Promise<CopyControl> {
  const desk = resources.use(
    await ControlDesk.open({ kept: catalogue.orders, sources: [name], workers: () => alone }),
  );
  const state = new ControlState();
  const carrier = new LocalControl();
  resources.use(carrier.onControl([name], (heard) => state.hear(heard)));
  desk.begin(carrier);
  const hold = state.current?.hold;
  if (hold !== undefined)
    log.warn(
      { source: name, since: new Date(hold.since).toISOString(), by: hold.by, reason: hold.reason },
      `this run was paused, and is paused still: \`brigade resume ${name}\``,
    );
  try {
    const path = socketOf(socketFolder(process.env), name);
    const holding = async () => (await broker.busy(name)).unacked;
    resources.use(await openSocketDoor({ path, source: name, desk, holding }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ reason }, "`brigade pause` and other orders cannot reach this run");
  }
  return { desk, state };
}
