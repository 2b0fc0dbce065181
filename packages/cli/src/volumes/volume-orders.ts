import type { Control, ControlState, DrainedVolume } from "@brigade/core";
import type { LocalPlacement, Order } from "@brigade/volumes";

/**
 * Lets the volumes of a placement obey what people order of them, until it is disposed of. What is
 * told of each source has the orders for all volumes: the latest one counts.
 */
export function obeyVolumeOrders(
  placement: Pick<LocalPlacement, "obey">,
  controls: readonly Pick<ControlState, "onChange">[],
): Disposable {
  let revision = Number.NEGATIVE_INFINITY;
  const obey = (control: Control) => {
    if (control.revision < revision) return;
    revision = control.revision;
    placement.obey(new Map(control.drainedVolumes.map((one) => [one.volume, orderOf(one)])));
  };
  const forget = controls.map((control) => control.onChange(obey));
  return {
    [Symbol.dispose]: () => {
      for (const end of forget) end();
    },
  };
}

function orderOf({ eject, by, reason }: DrainedVolume): Order {
  return { eject, reason: reason === "" ? `by ${by}` : `by ${by}: ${reason}` };
}
