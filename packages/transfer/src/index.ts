export { fetchSegments } from "./fetch-segments.ts";
export { fetchWhole } from "./fetch-whole.ts";
export { TransferMeter } from "./transfer-meter.ts";
