import type { EncodedError, LocalRoom, NewObject, ObjectEntry, Piece, StoredObject } from "@brigade/core";
import type { Came, FetchCommand, FetchCounts } from "../fetching/fetcher.ts";
import type { StoredColumns } from "../fetching/stored-columns.ts";
import type { FolderTrial, LockTrial } from "../identity/folder-trial.ts";
import type { FoundFolder, VolumeTrial } from "../identity/found-folder.ts";
import type { Imported, TreeObject } from "../local-volume.ts";
import type { Body } from "../md5/bodies.ts";
import type { OpeningOptions } from "../opening/opening.ts";
import type { OpenedPart } from "../parts/parts.ts";

/*
 * What the main thread and a volume's writer thread say to each other. Many commands, and many
 * answers, share a message: a message costs more than a file's part of it.
 */

/** Of large objects that come in pieces. A part's id is the id of the command that opened it. */
/** What a volume's thread is started with. Both ends see this memory. */
export interface VolumeThreadData {
  readonly slots: WebAssembly.Memory;
  readonly openDescriptors: SharedArrayBuffer;
}

export type PartCommand = { readonly id: number } & (
  | { readonly op: "part"; readonly object: NewObject; readonly validator: string | undefined }
  | {
      readonly op: "part-write";
      readonly part: number;
      readonly offset: number;
      readonly bytes: Uint8Array<ArrayBuffer>;
    }
  | { readonly op: "part-sync"; readonly part: number }
  | { readonly op: "part-finish"; readonly part: number }
  | { readonly op: "part-stop"; readonly part: number }
  | { readonly op: "part-discard"; readonly part: number }
  | { readonly op: "part-close"; readonly part: number }
  | { readonly op: "begun"; readonly object: NewObject }
);

/** Asks about a folder that is to be opened as a volume. */
export type TrialCommand = { readonly id: number } & (
  | { readonly op: "look"; readonly trial: VolumeTrial }
  | { readonly op: "try"; readonly trial: LockTrial | FolderTrial }
);

/** Of an open volume, and answered at once. A sink's id is the id of the command that opened it. */
export type QuickCommand = { readonly id: number } & (
  | { readonly op: "sink"; readonly object: NewObject }
  | { readonly op: "write"; readonly sink: number; readonly chunk: Uint8Array<ArrayBuffer> }
  | { readonly op: "abort"; readonly sink: number }
  | { readonly op: "bind"; readonly source: string; readonly fingerprint: string }
  | { readonly op: "claim"; readonly source: string }
  | {
      readonly op: "present";
      readonly source: string;
      readonly files: readonly { readonly path: string; readonly size: number }[];
    }
  | { readonly op: "holds"; readonly source: string; readonly keys: readonly string[] }
  | { readonly op: "sample"; readonly source: string; readonly most: number }
  | { readonly op: "room" }
);

/** Of an open volume; other commands have their turn before it is answered. */
export type SlowCommand =
  | PartCommand
  | ({ readonly id: number } & (
      | { readonly op: "adopt"; readonly objects: readonly NewObject[] }
      | { readonly op: "import"; readonly objects: readonly TreeObject[] }
    ));

/**
 * Every command is answered once, under its id. `put` and `finish` are answered by the commit;
 * `fetch` by the main thread's end, after the last of its objects.
 */
export type Command =
  | TrialCommand
  | QuickCommand
  | SlowCommand
  | ({ readonly id: number } & (
      | { readonly op: "open"; readonly options: OpeningOptions }
      | { readonly op: "put"; readonly object: NewObject; readonly bytes: Uint8Array<ArrayBuffer> | Body }
      | { readonly op: "finish"; readonly sink: number }
      | { readonly op: "close" }
      | { readonly op: "fetch-stop"; readonly source: string }
      | { readonly op: "fetch-places"; readonly source: string; readonly places: number }
    ))
  | ({ readonly op: "fetch" } & FetchCommand);
export type Op = Command["op"];

export interface OpenedReport {
  readonly id: string;
  readonly label: string;
  readonly root: string;
  readonly fileSystem: string;
  readonly occupied: readonly string[];
}

/** What each command is answered with: one member per command. */
export interface Answers {
  look: FoundFolder;
  try: undefined;
  open: OpenedReport;
  put: StoredObject;
  sink: undefined;
  write: undefined;
  finish: StoredObject;
  abort: undefined;
  /** After the last of its objects, which have been reported one by one. */
  fetch: undefined;
  "fetch-stop": undefined;
  "fetch-places": undefined;
  bind: undefined;
  claim: undefined;
  adopt: readonly (StoredObject | undefined)[];
  import: readonly Imported[];
  present: readonly boolean[];
  holds: readonly boolean[];
  sample: readonly ObjectEntry[];
  room: LocalRoom;
  close: undefined;
  part: OpenedPart | undefined;
  "part-write": undefined;
  "part-sync": readonly Piece[];
  "part-finish": StoredObject;
  "part-stop": undefined;
  "part-discard": undefined;
  "part-close": undefined;
  begun: number;
}

export type Answer =
  | { readonly id: number; readonly value: Answers[Op] }
  | { readonly id: number; readonly failure: EncodedError };

export interface FromThread {
  /** Ids of the `put`s whose bytes are needed no more. */
  readonly read: readonly number[];
  readonly answers: readonly Answer[];
  readonly warnings: readonly { readonly reason: string; readonly message: string }[];
  /** What came of objects that the thread was to fetch, by the command's id. */
  readonly stored: readonly StoredColumns[];
  readonly came: readonly { readonly id: number; readonly came: Came }[];
  /** Of each source, if the thread fetches. */
  readonly counts: readonly FetchCounts[];
  /** It is at work on something long. */
  readonly progress?: true;
}
