import { RepeatedLines } from "./repeated-lines.ts";

/** The lines of all logs of this process. */
export const repeated = new RepeatedLines();
process.once("exit", flushLog);

/** Writes the lines that were kept back. To be called before the program's last line. */
export function flushLog(): void {
  repeated.flush();
}
