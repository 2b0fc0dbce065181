export { chooseBroker } from "./choose.ts";
export type { RabbitNode } from "./node.ts";
export { startNode } from "./start.ts";
