import type { Clock } from "../../src/base/clock.ts";
import type { Addresses } from "../../src/embedded/node/addresses.ts";
import type { Images, StoredImage } from "../../src/embedded/node/images/images.ts";
import {
  type ContainerStart,
  type ExecResult,
  type Exit,
  type FoundRun,
  type PodRecord,
  type Run,
  type RunId,
  type Runtime,
  runText,
} from "../../src/embedded/node/runtime.ts";

/** The node's ports without a machine: programs are functions, addresses are numbers. For tests and simulation. */

/** What a program can do to the world, and what it is told. */
export interface ProgramHandle {
  readonly start: ContainerStart;
  exit(exitCode: number): void;
  print(text: string): void;
  /** Called with each signal; absent = SIGTERM ends it with 143. SIGKILL is not told. */
  onSignal?: (signal: "SIGTERM") => void;
}

export type Program = (handle: ProgramHandle) => void;

interface MemoryRun extends FoundRun {
  exit?: Exit;
  output: string;
  handle: ProgramHandle;
}

export class MemoryRuntime implements Runtime {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #runs = new Map<string, MemoryRun>();
  readonly #records = new Map<string, PodRecord>();
  #tell: (id: RunId, exit: Exit) => void = () => {};
  #nextPid = 100;
  /** By first word of the command. */
  readonly programs = new Map<string, Program>();

  constructor(options: { clock: Clock; startMs?: number }) {
    this.#clock = options.clock;
    this.#startMs = options.startMs ?? 1;
  }

  async open(): Promise<void> {}
  async close(): Promise<void> {
    this.#tell = () => {};
  }

  onExit(listener: (id: RunId, exit: Exit) => void): void {
    this.#tell = listener;
  }

  start(start: ContainerStart): Promise<Run> {
    const { podUid, container, restart } = start;
    const run = { podUid, container, restart, pid: this.#nextPid++, startedAtMs: this.#clock.wall() };
    const handle: ProgramHandle = {
      start,
      exit: (exitCode) => this.#end(kept, exitCode),
      print: (text) => {
        kept.output += text;
      },
    };
    const kept: MemoryRun = { ...run, output: "", handle };
    this.#runs.set(runText(start), kept);
    return new Promise((resolve) => {
      this.#clock.schedule(this.#startMs, () => {
        resolve(run);
        this.programs.get(start.command[0] ?? "")?.(handle);
      });
    });
  }

  signal(id: RunId, signal: "SIGTERM" | "SIGKILL"): void {
    const run = this.#runs.get(runText(id));
    if (!run || run.exit) return;
    if (signal === "SIGTERM" && run.handle.onSignal) run.handle.onSignal(signal);
    else this.#end(run, signal === "SIGTERM" ? 143 : 137);
  }

  async list(): Promise<FoundRun[]> {
    return [...this.#runs.values()];
  }

  async exec(): Promise<ExecResult> {
    return { exitCode: 0, output: "" };
  }

  volumeFolder(podUid: string, volume: string): string {
    return `/nowhere/${podUid}/${volume}`;
  }

  logPath(): string {
    return "";
  }

  async folders(id: RunId): Promise<{ work: string; temporary: string }> {
    return { work: `/pods/${runText(id)}`, temporary: `/pods/${id.podUid}/tmp` };
  }

  async tail(id: RunId, bytes: number): Promise<string> {
    return this.#runs.get(runText(id))?.output.slice(-bytes) ?? "";
  }

  async remember(podUid: string, record: PodRecord): Promise<void> {
    this.#records.set(podUid, record);
  }

  async recall(podUid: string): Promise<PodRecord | undefined> {
    return this.#records.get(podUid);
  }

  async remove(podUid: string): Promise<void> {
    this.#records.delete(podUid);
    for (const [key, run] of this.#runs) {
      if (run.podUid !== podUid) continue;
      run.exit ??= { exitCode: 137, atMs: this.#clock.wall() };
      this.#runs.delete(key);
    }
  }

  /** Runs that have not ended. */
  get alive(): FoundRun[] {
    return [...this.#runs.values()].filter((run) => !run.exit);
  }

  #end(run: MemoryRun, exitCode: number): void {
    if (run.exit) return;
    run.exit = { exitCode, atMs: this.#clock.wall() };
    this.#tell(run, run.exit);
  }
}

export class MemoryImages implements Images {
  /** name:tag → command. */
  readonly #commands: ReadonlyMap<string, readonly string[]>;

  constructor(commands: Readonly<Record<string, readonly string[]>>) {
    this.#commands = new Map(Object.entries(commands));
  }

  async resolve(reference: string): Promise<StoredImage | undefined> {
    const name = reference.split("@")[0] ?? "";
    const tagged = name.includes(":", name.lastIndexOf("/")) ? name : `${name}:latest`;
    const command = this.#commands.get(tagged);
    return command && { reference: tagged, digest: `sha256:${"0".repeat(64)}`, command, env: {} };
  }

  async unpack(): Promise<void> {}
}

export class MemoryAddresses implements Addresses {
  #nextHost = 2;
  #nextPort = 20_000;

  async allocate(): Promise<string> {
    return `127.70.0.${this.#nextHost++}`;
  }

  async allocatePort(): Promise<number> {
    return this.#nextPort++;
  }

  claim(): boolean {
    return true;
  }

  release(): void {}
  claimPort(): void {}
  releasePort(): void {}
}
