export { chooseBroker } from "./choose.ts";
export type { RabbitNode } from "./node.ts";
export { startCluster, startNode } from "./start.ts";
