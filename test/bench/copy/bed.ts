import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { noLoopDisks } from "../../disks/loop-disk.ts";
import { run } from "../../disks/run.ts";

/** The file system to which the runs of a bench write. */
export interface Bed extends Disposable {
  /** Returns a new empty folder. Files in earlier ones may be gone. */
  make(name: string): string;
}

const mib = 1024 * 1024;
const touchedMemory = 1600 * mib;

/**
 * `steady`: an ext4 file system that is made anew for each run, in an image that was written full
 * once. The first use of a virtual machine's memory or disk costs more than the work that is
 * measured, and may hit any contender.
 */
export function bedOf(
  kind: "steady" | "disk",
  { home, files, bytes, say }: { home: string; files: number; bytes: number; say: (line: string) => void },
): Bed {
  const reason = kind === "steady" ? noLoopDisks() : undefined;
  if (reason !== undefined) say(`no steady bed (${reason}): the disk is used as it is`);
  return kind === "disk" || reason !== undefined ? diskBed(home) : steadyBed(home, { files, bytes });
}

function diskBed(home: string): Bed {
  return {
    // Kept until the bench ends. For minutes after a deletion, ext4 skips the freed inodes one by
    // one for every file that is created near them (`recently_deleted` in fs/ext4/ialloc.c). That
    // would slow down the next run.
    make(name) {
      const folder = mkdtempSync(join(home, `${name}-`));
      // Pages that the run before left in the page cache must not be written during this run.
      run("sync", "-f", home);
      return folder;
    },
    [Symbol.dispose]() {},
  };
}

function steadyBed(home: string, { files, bytes }: { files: number; bytes: number }): Bed {
  const [image, root] = [join(home, "disk.img"), join(home, "bed")];
  mkdirSync(root);
  // Each file may waste up to one block; 1 GiB is for journal, inodes, queue and ledger.
  const size = Math.ceil((bytes + files * 4096) / mib) + 1024;
  run("dd", "if=/dev/zero", `of=${image}`, "bs=1M", `count=${size}`, "status=none");
  const device = run("losetup", "--find", "--show", image).trim();
  let mounted = false;
  const unmount = () => {
    if (mounted) run("umount", root);
    mounted = false;
  };
  return {
    make(name) {
      unmount();
      run("mkfs.ext4", "-q", "-F", "-N", `${files * 2 + 10_000}`, ...noLateWork, device);
      run("mount", "-t", "ext4", device, root);
      mounted = true;
      run("sync", "-f", home);
      run(process.execPath, "-e", `Buffer.allocUnsafe(${touchedMemory}).fill(1)`);
      return mkdtempSync(join(root, `${name}-`));
    },
    [Symbol.dispose]() {
      unmount();
      run("losetup", "--detach", device);
      rmSync(image);
    },
  };
}

/** Makes mkfs do work that the kernel would otherwise do in the first minutes of a run. */
const noLateWork = [...["-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0"], ...["-J", "size=256"]];
