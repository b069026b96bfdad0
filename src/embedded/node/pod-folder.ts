import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../../base/assert.ts";
import type { RunId } from "./runtime.ts";

/**
 * Where a pod's files lie: `<pods>/<uid>/<container>/<restart>.{log,times,pid,exit}`, with `.input`, `.holder` and
 * `.terminal` for programs that are fed or have a terminal, the container's own copy of its image in `work`, one `tmp`
 * for the pod, and its volumes in `.volumes`.
 */
export interface RunFiles {
  readonly folder: string;
  readonly log: string;
  /** `pid startTime`, written by the shim. */
  readonly pid: string;
  /** The exit code, written by the shim; its modification time is the time of death. */
  readonly exit: string;
  /** A named pipe from which the program reads, where it is to be fed. */
  readonly input: string;
  /** The pid of what keeps that pipe open while nobody writes. */
  readonly holder: string;
  /** The device of its terminal, written by the program's starter. */
  readonly terminal: string;
}

const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export function podFolder(pods: string, podUid: string): string {
  assert(SAFE_NAME.test(podUid), `pod uid ${podUid} is not fit for a folder name`);
  return join(pods, podUid);
}

function containerFolder(pods: string, podUid: string, container: string): string {
  assert(SAFE_NAME.test(container), `container name ${container} is not fit for a folder name`);
  return join(podFolder(pods, podUid), container);
}

/** For volumes that shall take no disk; one for each engine. */
export function memoryFolder(pods: string): string | undefined {
  const shared = "/dev/shm";
  if (!existsSync(shared)) return undefined;
  return join(shared, `ebb-${createHash("md5").update(pods).digest("hex").slice(0, 16)}`);
}

/** No container has a name that begins with a dot. */
export function volumeFolder(pods: string, podUid: string, volume: string): string {
  assert(SAFE_NAME.test(volume), `volume name ${volume} is not fit for a folder name`);
  return join(podFolder(pods, podUid), ".volumes", volume);
}

export function runFiles(pods: string, id: RunId): RunFiles {
  const folder = containerFolder(pods, id.podUid, id.container);
  const base = join(folder, String(id.restart));
  return filesAt(folder, base);
}

export function filesAt(folder: string, base: string): RunFiles {
  const file = (ending: string) => `${base}.${ending}`;
  return {
    folder,
    log: file("log"),
    pid: file("pid"),
    exit: file("exit"),
    input: file("input"),
    holder: file("holder"),
    terminal: file("terminal"),
  };
}
