import { LocalControl } from "@brigade/broker";
import { controlConformance } from "../control-conformance.ts";

controlConformance("in one process", async () => {
  const control = new LocalControl();
  return { teller: control, hearer: control, async [Symbol.asyncDispose]() {} };
});
