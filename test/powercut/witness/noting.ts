import { statSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { Note } from "./note.ts";

const { POWERCUT_LOG, POWERCUT_NOTES } = z
  .object({ POWERCUT_LOG: z.string(), POWERCUT_NOTES: z.string() })
  .parse(process.env);

type Reported<N> = N extends Note ? Omit<N, "at"> : never;

const notes: Note[] = [];

/**
 * Notes stay in memory until the program ends, so that writing them does not change the moments.
 */
export function note(reported: Reported<Note>): void {
  notes.push({ ...reported, at: statSync(POWERCUT_LOG).size });
}

process.once("exit", () => writeFileSync(POWERCUT_NOTES, JSON.stringify(notes)));
