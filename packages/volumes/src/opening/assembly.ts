import type { Floor, NewObject } from "@brigade/core";
import { Adoption } from "../adoption/adoption.ts";
import { Commit } from "../commit/commit.ts";
import { Landing } from "../commit/landing.ts";
import { OpenFiles } from "../commit/open-files.ts";
import type { Syncer } from "../commit/syncer.ts";
import type { Nameless } from "../disk/nameless.ts";
import { RoomLeft } from "../disk/room-left.ts";
import { Bindings } from "../identity/bindings.ts";
import type { Identity, Layout } from "../identity/identity.ts";
import { mountGuard, refuseOtherMount } from "../identity/mount-guard.ts";
import { Looking } from "../looking/looking.ts";
import { ManifestWriter } from "../manifest/manifest-writer.ts";
import { Directories } from "../names/directories.ts";
import { type Place, Placing } from "../names/placing.ts";
import { FileTimes } from "../new-files/file-times.ts";
import { NewFiles } from "../new-files/new-files.ts";
import { Parts } from "../parts/parts.ts";
import { acceptsFiles } from "./accepts-files.ts";
import { enterLanded } from "./recovery.ts";
import { Storing } from "./storing.ts";
import type { Temporary } from "./temporary.ts";

/** The share of a disk that stays free besides MIN_FREE, for objects whose sizes are known. */
const spare = 0.05;

/** A volume whose folders exist, with a temporary folder that is this process's. */
export interface PreparedVolume {
  readonly layout: Layout;
  readonly identity: Identity;
  readonly temporary: Temporary;
  readonly syncer: Syncer;
  /** `undefined` where new files get temporary names. */
  readonly nameless: Nameless | undefined;
  readonly instance: string;
  readonly keptOpen: number | undefined;
  /** What objects of unknown size leave free. */
  readonly minFree: Floor;
  readonly onCompleted: () => void;
  readonly onWarning: (error: unknown, message: string) => void;
}

/**
 * All work on the disk of an open volume. Everything here blocks (synchronous calls cost half as
 * much for small files), so it lives in a thread of its own. Disposing drops unfinished files,
 * waits for all commits, and tidies up.
 */
export interface Assembly extends AsyncDisposable {
  readonly storing: Storing;
  readonly parts: Parts;
  readonly adoption: Adoption;
  readonly looking: Looking;
  readonly bindings: Bindings;
}

/**
 * Puts an open volume together, from what stores to what looks. Enters in the manifest what dead
 * processes had named.
 */
export function assemble(prepared: PreparedVolume): Assembly {
  const { layout, temporary, syncer, nameless, keptOpen, minFree, onWarning } = prepared;
  const { root } = layout;
  const guard = mountGuard(layout);
  const scratch = () => temporary.next();
  const times = new FileTimes({ scratch, onWarning });
  const placing = placingOf(prepared, guard, (folder) => commit.folderChanged(folder));
  const manifest = new ManifestWriter({
    folder: layout.manifest,
    instance: prepared.instance,
    syncEach: syncer.each,
  });
  const landing = new Landing(temporary.folder);
  const openFiles = new OpenFiles(syncer.each, keptOpen);
  const commit = new Commit({
    ...{ manifest, landing, syncer, openFiles, guard, onWarning },
    onNamed: () => placing.leave(),
    onCompleted: prepared.onCompleted,
  });
  enterLanded(temporary.landed, placing, manifest);
  const bindings = new Bindings(layout, scratch);
  const prepare = ({ source, fingerprint, key }: NewObject): Place => {
    if (commit.dead) throw commit.dead;
    bindings.bind(source, fingerprint);
    return placing.prepare(source, key);
  };
  const looking = new Looking({ root, placing, guard });
  const newFiles = new NewFiles({ folder: temporary.folder.at("."), scratch, nameless, most: keptOpen });
  const storing = new Storing({
    ...{ prepare, placing, commit, openFiles, times, newFiles },
    room: () => looking.room(),
    roomLeft: new RoomLeft(minFree, spare),
  });
  const parts = new Parts({ folder: layout.parts, prepare, placing, commit, times, guard, onWarning });
  const adoption = new Adoption(root, bindings, { placing, commit, times });
  return {
    ...{ storing, parts, adoption, looking, bindings },
    [Symbol.asyncDispose]: async () => {
      storing.abortAll();
      parts.stopAll();
      await commit.idle();
      await parts.closeAll();
      const tidy = [() => landing[Symbol.dispose](), () => manifest.close(), () => syncer.close()];
      const leave = [() => bindings[Symbol.dispose](), () => temporary[Symbol.dispose]()];
      for (const step of [...tidy, ...leave]) warned(step, onWarning);
    },
  };
}

function placingOf(
  { layout, identity: { traits }, temporary }: PreparedVolume,
  guard: () => void,
  onSeen: (folder: string) => void,
): Placing {
  const { root } = layout;
  const directories = new Directories({ root, traits, guard, onSeen });
  return new Placing(root, traits, directories, {
    hasRoom: () => acceptsFiles(temporary.next()),
    assertMounted: () => refuseOtherMount(layout, temporary.folder),
  });
}

/** Runs a step. An error is only logged: all that was answered is safe already. */
function warned(step: () => void, onWarning: PreparedVolume["onWarning"]): void {
  try {
    step();
  } catch (error) {
    onWarning(error, "the volume could not be left tidy");
  }
}
