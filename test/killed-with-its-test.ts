import type { ChildProcess } from "node:child_process";
import { after } from "node:test";

/**
 * Kills the program when the test that started it has ended, however it ended: a program that goes
 * on would keep the test file from its end, and the runner's time limit does not end it either.
 * Without a test runner, as in a benchmark, nothing happens.
 */
export function killedWithItsTest<Child extends ChildProcess>(child: Child): Child {
  if (process.env.NODE_TEST_CONTEXT !== undefined) after(() => void child.kill("SIGKILL"));
  return child;
}
