// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's own modules lacks it
export { DatabaseSync } from "node:sqlite";
