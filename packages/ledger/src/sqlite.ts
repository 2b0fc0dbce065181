// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's own modules lacks it
export { backup, DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
