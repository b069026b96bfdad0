import { existsSync, mkdirSync, statfsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { EbbError, messageOf } from "../../base/errors.ts";

/** Where everything that an engine keeps lies: one folder, movable as a whole. */
export interface Home {
  readonly folder: string;
  readonly kubeconfig: string;
  readonly credentials: string;
  /** PEM: whoever trusts it believes the gateway's certificates (`curl --cacert`). */
  readonly authority: string;
  readonly database: string;
  readonly images: string;
  readonly pods: string;
  readonly lock: string;
}

export function homeAt(folder: string): Home {
  const root = resolve(folder);
  return {
    folder: root,
    kubeconfig: join(root, "kubeconfig"),
    credentials: join(root, "credentials"),
    authority: join(root, "ca.crt"),
    database: join(root, "state.db"),
    images: join(root, "images"),
    pods: join(root, "pods"),
    lock: join(root, "engine.lock"),
  };
}

/** Node's own recursive mkdir never returns where the system refuses with ENOENT below a folder that exists (/proc). */
function makeFolder(folder: string): void {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is a file`);
    return;
  }
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder, { mode: 0o700 });
}

/** Below this an engine would soon fail to store; better to say so before it starts. */
const FREE_BYTES_MIN = 16 * 1024 * 1024;

/** Makes the folder, private to its user. Throws EbbError home-unusable or disk-full with what to do. */
export function prepareHome(home: Home): void {
  try {
    makeFolder(home.folder);
  } catch (thrown) {
    throw new EbbError(
      "home-unusable",
      `cannot create the home folder ${home.folder} (${messageOf(thrown)}); choose another with --home DIR`,
      { cause: thrown },
    );
  }
  const disk = statfsSync(home.folder);
  const freeBytes = disk.bavail * disk.bsize;
  if (freeBytes < FREE_BYTES_MIN) {
    throw new EbbError(
      "disk-full",
      `the disk of ${home.folder} has only ${Math.floor(freeBytes / 1024)} KiB left; free some space or choose another --home DIR`,
    );
  }
}
