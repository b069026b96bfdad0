import { execFile } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "../../../../base/errors.ts";
import type { Log } from "../../../../base/log.ts";
import { StartError } from "../../errors.ts";
import { type ContainerStart, runText } from "../../runtime.ts";
import { isolatedLaunch } from "./mount-script.ts";
import { plainLaunch } from "./script.ts";

/** "namespace": real mounts that only the container sees. "links": the same files below EBB_ROOT. */
export type IsolationKind = "namespace" | "links";

/** How a container gets its volumes on this machine: tried out once, when the first one asks. */
export class Isolation {
  readonly #log: Log;
  #kind: IsolationKind | undefined;
  #finding: Promise<void> | undefined;

  /** `kind` given = not tried out. */
  constructor(log: Log, kind?: IsolationKind) {
    this.#log = log;
    this.#kind = kind;
  }

  get kind(): IsolationKind | undefined {
    return this.#kind;
  }

  find(): Promise<void> {
    if (this.#kind !== undefined) return Promise.resolve();
    this.#finding ??= this.#tryOut();
    return this.#finding;
  }

  /** What becomes the program, as shell text. `folder` is the container's own. Throws StartError. */
  launch(start: ContainerStart, folder: string): string {
    try {
      const { uid, gid } = identity();
      if (this.#kind === "namespace") return isolatedLaunch(start, join(folder, ".mounts"), { uid, gid });
      const root = join(folder, "root");
      linkBelow(root, start);
      return plainLaunch({ ...start, env: { ...start.env, EBB_ROOT: root } });
    } catch (thrown) {
      const text = `cannot give ${runText(start)} its volumes: ${messageOf(thrown)}`;
      throw new StartError(text, { cause: thrown });
    }
  }

  async #tryOut(): Promise<void> {
    const trial = identity().uid === 0 ? ["--mount"] : ["--user", "--map-root-user", "--mount"];
    const line =
      'd=$(mktemp -d) && mount -t tmpfs ebb "$d" && command -v pivot_root; e=$?; rmdir "$d" 2>&1; exit $e';
    const failure = await run("unshare", [...trial, "/bin/sh", "-c", line]);
    this.#kind = failure === undefined ? "namespace" : "links";
    if (failure !== undefined)
      this.#log.warn("volumes are files below EBB_ROOT: this machine lets nobody mount", { error: failure });
  }
}

function identity(): { uid: number; gid: number } {
  return { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 };
}

/** Resolves to what went wrong. */
function run(program: string, args: readonly string[]): Promise<string | undefined> {
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  return new Promise((resolve) => {
    execFile(program, [...args], { env, timeout: 5_000 }, (error) => resolve(error?.message));
  });
}

/** Every target becomes a link to its source, at the same path below `root`. */
function linkBelow(root: string, { mounts = [] }: ContainerStart): void {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  for (const { source, target } of [...mounts].sort((a, b) => a.target.length - b.target.length)) {
    const at = join(root, target);
    mkdirSync(dirname(at), { recursive: true });
    if (!existsSync(at) && !isLink(at)) symlinkSync(source, at);
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
