import { type FSWatcher, mkdirSync, readFileSync, rmSync, unlinkSync, watch, writeFileSync } from "node:fs";
import { rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Timer } from "../../../../base/clock.ts";
import { EbbError, messageOf } from "../../../../base/errors.ts";
import type { Log } from "../../../../base/log.ts";
import { StartError } from "../../errors.ts";
import { LogTimes } from "../../log-times.ts";
import { filesAt, memoryFolder, podFolder, type RunFiles, runFiles, volumeFolder } from "../../pod-folder.ts";
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
} from "../../runtime.ts";
import { findExecutable } from "./executable.ts";
import { Forker } from "./forker.ts";
import { Isolation } from "./isolation.ts";
import { MemoryLimits } from "./memory-limits.ts";
import { isSameProcess, sendSignal } from "./process-facts.ts";
import { findRuns, type RecordedRun, readExit, readTail } from "./run-records.ts";
import { plainLaunch, quote, shimScript } from "./script.ts";
import { Stragglers } from "./stragglers.ts";
import { attachTo, type RunningProgram, runHeld } from "./streams.ts";
import { onTerminal, TerminalSizes } from "./terminal.ts";

/**
 * Plain processes as containers (DESIGN §4, Starting processes). Each run has a shim as its parent, which outlives this
 * engine and leaves the exit code in a file; while the engine lives the shim also tells it down the forker's pipe.
 * Invariant: a run is in `#live` from its start or adoption until its exit was told to the listener.
 */
export class ProcessRuntime implements Runtime {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #pods: string;
  /** Like `pods`, in memory; undefined where the machine has no such folder. */
  readonly #memory: string | undefined;
  readonly #scripts: string;
  readonly #live = new Map<string, LiveRun>();
  readonly #tokens = new Map<number, LiveRun>();
  readonly #stragglers = new Stragglers();
  readonly #isolation: Isolation;
  /** When what was logged. */
  readonly logTimes: LogTimes;
  readonly #limits: MemoryLimits;
  #nextToken = 1;
  #forker: Forker | undefined;
  #sweep: Timer | undefined;
  #tellExit: (id: RunId, exit: Exit) => void = () => {};

  /**
   * `pods` is the folder for all pods' files. `scripts` is one for the shims' scripts, which live for a moment only:
   * in memory (tmpfs) a new file costs a start 0.02 ms, on a disk 0.05–0.2 ms. Private to this engine.
   */
  constructor(options: { clock: Clock; log: Log; pods: string; scripts?: string; isolation?: Isolation }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#pods = options.pods;
    this.#memory = memoryFolder(options.pods);
    this.#scripts = options.scripts ?? join(options.pods, ".scripts");
    this.logTimes = new LogTimes(options.clock);
    this.#isolation = options.isolation ?? new Isolation(options.log);
    this.#limits = new MemoryLimits(options.log);
  }

  /** Starts the forker, before this process grows; `open` does it otherwise. */
  startForker(): void {
    if (!this.#forker) this.#startForker();
  }

  async open(): Promise<void> {
    mkdirSync(this.#pods, { recursive: true });
    rmSync(this.#scripts, { recursive: true, force: true });
    mkdirSync(this.#scripts, { recursive: true, mode: 0o700 });
    this.startForker();
    this.#sweepLater();
    for (const run of await findRuns(this.#pods)) {
      if (run.exit) this.#limits.remove(run);
      else this.#adopt(run);
    }
  }

  async close(): Promise<void> {
    this.#sweep?.cancel();
    this.logTimes.close();
    this.#forker?.close();
    this.#forker = undefined;
    // Runs whose start is under way have lost their script then, as they have lost their engine.
    rmSync(this.#scripts, { recursive: true, force: true });
    for (const live of this.#live.values()) live.watcher?.close();
  }

  onExit(listener: (id: RunId, exit: Exit) => void): void {
    this.#tellExit = listener;
  }

  async start(container: ContainerStart): Promise<Run> {
    const files = runFiles(this.#pods, container);
    // A folder that cannot be made shows when the script writes there; one that is there costs nothing.
    if (container.workingDirectory !== join(files.folder, `work-${container.restart}`))
      mkdirSync(files.folder, { recursive: true });
    await this.#isolate(container);
    this.logTimes.follow(files.log);
    return this.#launch(container, files, (id, exit) => {
      this.logTimes.end(files.log);
      this.#tellExit(id, exit);
    });
  }

  /** The first container with mounts waits until it is known whether they can be had. */
  async #isolate({ mounts = [] }: ContainerStart): Promise<void> {
    if (mounts.length > 0) await this.#isolation.find();
  }

  signal(id: RunId, signal: "SIGTERM" | "SIGKILL"): void {
    const live = this.#live.get(runText(id));
    if (!live || !isSameProcess(live.pid, live.startTime)) return;
    sendSignal(signal === "SIGKILL" ? -live.pid : live.pid, signal);
  }

  /** Kills every program now, whatever grace was promised: the engine is about to end. Its pods' objects stay. */
  async killAll(): Promise<void> {
    // Nothing is started again in the engine's last moments.
    this.#forker?.close();
    this.#forker = undefined;
    const runs = [...this.#live.values()];
    for (const { pid, startTime } of runs)
      if (pid > 0 && isSameProcess(pid, startTime)) sendSignal(-pid, "SIGKILL");
    // One look serves all.
    await Promise.all(runs.map(({ run }) => this.#stragglers.kill(podFolder(this.#pods, run.podUid))));
  }

  list(): Promise<FoundRun[]> {
    return findRuns(this.#pods);
  }

  async exec(beside: ContainerStart, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    const base = `exec-${this.#nextToken}`;
    const { folder } = runFiles(this.#pods, beside);
    const files = filesAt(folder, join(folder, base));
    const { memoryBytes: _, isFed: __, terminal: ___, ...rest } = beside;
    const id = { ...rest, container: `${beside.container}.${base}`, command };
    try {
      const exitCode = await this.#execUntil(id, files, timeoutMs);
      return { exitCode, output: readFileSync(files.log, "latin1").slice(-1024) };
    } finally {
      await Promise.all([files.log, files.pid, files.exit].map((path) => rm(path, { force: true })));
    }
  }

  /** A command beside the run whose streams the caller holds; it gets what the container got. */
  async execStreams(
    beside: ContainerStart,
    { command, tty }: { readonly command: readonly string[]; readonly tty: boolean },
  ): Promise<RunningProgram> {
    const [program = "", ...rest] = command;
    const found = findExecutable(program, beside.workingDirectory, beside.env.PATH);
    const { folder } = runFiles(this.#pods, beside);
    const device = join(folder, `exec-${this.#nextToken++}.terminal`);
    const words = tty ? onTerminal([found, ...rest], device) : [found, ...rest];
    const env = { TERM: "xterm", ...beside.env };
    await this.#isolate(beside);
    const running = runHeld(this.#launchText({ ...beside, command: words, env }, folder));
    const sizes = new TerminalSizes(this.#clock, device);
    void running.ended.then(() => {
      sizes.end();
      return rm(device, { force: true });
    });
    return { ...running, resize: (size) => tty && sizes.set(size) };
  }

  /** The run's own streams, from now until it is over; both outputs come as one, as in its log. */
  async attachStreams(
    id: RunId,
    how: { readonly over: Promise<void>; readonly endsInput: boolean },
  ): Promise<RunningProgram> {
    const files = runFiles(this.#pods, id);
    const sizes = new TerminalSizes(this.#clock, files.terminal);
    return { ...(await attachTo(files, how)), resize: (size) => sizes.set(size) };
  }

  logPath(id: RunId): string {
    return runFiles(this.#pods, id).log;
  }

  async folders(id: RunId): Promise<{ work: string; temporary: string }> {
    const temporary = join(podFolder(this.#pods, id.podUid), "tmp");
    mkdirSync(temporary, { recursive: true });
    const { folder } = runFiles(this.#pods, id);
    mkdirSync(folder, { recursive: true });
    const work = join(folder, `work-${id.restart}`);
    // Every run has a fresh copy, as a restarted container has.
    if (id.restart > 0) await rm(join(folder, `work-${id.restart - 1}`), { recursive: true, force: true });
    return { work, temporary };
  }

  volumeFolder(podUid: string, volume: string, medium: "disk" | "memory"): string {
    const pods = medium === "memory" ? (this.#memory ?? this.#pods) : this.#pods;
    return volumeFolder(pods, podUid, volume);
  }

  async tail(id: RunId, bytes: number): Promise<string> {
    return readTail(runFiles(this.#pods, id).log, bytes);
  }

  async remember(podUid: string, record: PodRecord): Promise<void> {
    writeFileSync(join(podFolder(this.#pods, podUid), "pod.json"), JSON.stringify(record));
  }

  async recall(podUid: string): Promise<PodRecord | undefined> {
    const text = readTail(join(podFolder(this.#pods, podUid), "pod.json"), 65_536);
    return text === "" ? undefined : (JSON.parse(text) as PodRecord);
  }

  async remove(podUid: string): Promise<void> {
    for (const live of this.#live.values()) {
      if (live.run.podUid !== podUid) continue;
      if (isSameProcess(live.pid, live.startTime)) sendSignal(-live.pid, "SIGKILL");
      this.#drop(live);
    }
    this.logTimes.drop(podFolder(this.#pods, podUid));
    await this.#stragglers.kill(podFolder(this.#pods, podUid));
    for (const pods of [this.#pods, this.#memory])
      if (pods !== undefined)
        await rm(podFolder(pods, podUid), { recursive: true, force: true, maxRetries: 3 });
    // The last pod's end leaves nothing in memory; while there are others it is not empty.
    if (this.#memory !== undefined) await rmdir(this.#memory).catch(() => {});
  }

  async #execUntil(start: ContainerStart, files: RunFiles, timeoutMs: number): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    await this.#launch(start, files, (_, exit) => resolve(exit.exitCode));
    const limit = this.#clock.schedule(timeoutMs, () => {
      this.signal(start, "SIGKILL");
      resolve(124);
    });
    return promise.finally(() => limit.cancel());
  }

  /** Hot on a cold start: one small file written and one line sent, then the shell does the rest. */
  #launch(start: ContainerStart, files: RunFiles, onEnd: LiveRun["onEnd"]): Promise<Run> {
    const token = this.#nextToken++;
    const { promise, resolve, reject } = Promise.withResolvers<Run>();
    const program = findExecutable(start.command[0] ?? "", start.workingDirectory, start.env.PATH);
    const words = [program, ...start.command.slice(1)];
    const resolved = { ...start, command: start.terminal ? onTerminal(words, files.terminal) : words };
    try {
      if (!this.#forker) throw new EbbError("runtime-closed", "the process runtime is not open");
      const script = join(this.#scripts, String(token));
      const launch = this.#launchText(resolved, files.folder);
      const { isFed = false } = start;
      const text = shimScript(token, files, { launch: this.#limited(start, launch), isFed });
      writeFileSync(script, text, { mode: 0o600 });
      this.#forker.run(script);
    } catch (thrown) {
      throw new StartError(`cannot start ${runText(start)}: ${messageOf(thrown)}`, { cause: thrown });
    }
    const { podUid, container, restart } = start;
    const run: Run = { podUid, container, restart, pid: 0, startedAtMs: this.#clock.wall() };
    const live: LiveRun = {
      run,
      files,
      token,
      pid: 0,
      startTime: "",
      onEnd,
      started: resolve,
      failed: reject,
    };
    this.#live.set(runText(start), live);
    this.#tokens.set(token, live);
    return promise;
  }

  /** The shell that becomes the program first enters the run's cgroup. */
  #limited(start: ContainerStart, launch: string): string {
    const entrance = start.memoryBytes && this.#limits.prepare(start, start.memoryBytes);
    return entrance ? `echo 0 >${quote(entrance)} || exit 126\n${launch}` : launch;
  }

  #launchText(start: ContainerStart, folder: string): string {
    if ((start.mounts ?? []).length === 0) return plainLaunch(start);
    return this.#isolation.launch(start, folder);
  }

  #startForker(): void {
    this.#forker = new Forker({
      onMessage: (words) => this.#heard(words),
      onDeath: () => {
        this.#log.error("the forker of processes ended by itself; starting another");
        // What was on its way is lost; the sweep finds out what became of it.
        this.#startForker();
      },
    });
  }

  #heard([verb, token, ...rest]: readonly string[]): void {
    const live = this.#tokens.get(Number(token));
    if (!live) return;
    if (verb === "S") {
      live.pid = Number(rest[0]);
      live.startTime = rest[1] ?? "";
      dropScript(join(this.#scripts, String(token)));
      live.started?.({ ...live.run, pid: live.pid });
      live.started = undefined;
    } else if (verb === "X") {
      this.#end(live, { exitCode: Number(rest[0]), atMs: this.#clock.wall() });
    }
  }

  #end(live: LiveRun, exit: Exit): void {
    if (!this.#drop(live)) return;
    live.failed?.(new StartError(`the shim of ${runText(live.run)} ended before the program was started`));
    const isOutOfMemory = this.#limits.wasReached(live.run);
    this.#limits.remove(live.run);
    live.onEnd(live.run, isOutOfMemory ? { ...exit, isOutOfMemory } : exit);
  }

  #drop(live: LiveRun): boolean {
    live.watcher?.close();
    this.#tokens.delete(live.token);
    return this.#live.delete(runText(live.run));
  }

  /** A run of an earlier engine: its shim has nobody to tell, so its exit file is watched. */
  #adopt(found: RecordedRun): void {
    const files = runFiles(this.#pods, found);
    const live: LiveRun = {
      run: found,
      files,
      token: 0,
      pid: found.pid,
      startTime: found.startTime,
      onEnd: (id, exit) => {
        this.logTimes.end(files.log);
        this.#tellExit(id, exit);
      },
    };
    this.logTimes.resume(files.log);
    this.#live.set(runText(found), live);
    const unwatched = (thrown: unknown) =>
      this.#log.warn("cannot watch an adopted container's folder; its exit is seen later", {
        run: runText(found),
        error: messageOf(thrown),
      });
    try {
      live.watcher = watch(files.folder, { persistent: false }, () => this.#look(live));
      live.watcher.on("error", unwatched);
    } catch (thrown) {
      unwatched(thrown);
    }
    this.#look(live);
  }

  #look(live: LiveRun): void {
    const exit = readExit(live.files);
    if (exit) this.#end(live, exit);
  }

  /** The last resort, for shims that were killed themselves: a run without a process and without a record is lost. */
  #sweepLater(): void {
    this.#sweep = this.#clock.schedule(SWEEP_MS, () => {
      for (const live of [...this.#live.values()]) this.#sweepOne(live);
      this.#sweepLater();
    });
  }

  #sweepOne(live: LiveRun): void {
    if (live.pid > 0 && isSameProcess(live.pid, live.startTime)) return;
    if (live.pid === 0 && this.#clock.wall() - live.run.startedAtMs < SWEEP_MS) return;
    const exit = readExit(live.files);
    // Without a record the shim may be about to write it: ask once more in the next round.
    if (exit) this.#end(live, exit);
    else if (live.suspect) this.#end(live, { exitCode: LOST_EXIT_CODE, atMs: this.#clock.wall() });
    else live.suspect = true;
  }
}

/** Read by now. Gone already when the runtime was closed meanwhile. */
function dropScript(path: string): void {
  try {
    unlinkSync(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
  }
}

const SWEEP_MS = 5_000;
/** What the kubelet reports for a container whose status it cannot find. */
const LOST_EXIT_CODE = 137;

interface LiveRun {
  readonly run: Run;
  readonly files: RunFiles;
  /** 0 for adopted ones. */
  readonly token: number;
  /** 0 until the shim has told. */
  pid: number;
  startTime: string;
  readonly onEnd: (id: RunId, exit: Exit) => void;
  started?: ((run: Run) => void) | undefined;
  failed?: (error: Error) => void;
  watcher?: FSWatcher;
  suspect?: boolean;
}
