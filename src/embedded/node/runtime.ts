/**
 * What runs containers, as a port: plain processes, containers, or memory in simulation. A run is one life of one
 * container; its files and its process outlive the engine, so that the next engine adopts it or reaps it.
 */
export interface Runtime {
  /** Makes it ready to start runs and hears of the runs that an earlier engine left. Rejects with EbbError. */
  open(): Promise<void>;
  /** Stops hearing; running processes stay. */
  close(): Promise<void>;
  /** Resolves when the process exists. Rejects with StartError when the command cannot be run at all. */
  start(container: ContainerStart): Promise<Run>;
  /** SIGTERM goes to the main process alone, SIGKILL to all that it started. For an ended run nothing happens. */
  signal(id: RunId, signal: "SIGTERM" | "SIGKILL"): void;
  /** One listener; called once for each run that ended, also for adopted ones. */
  onExit(listener: (id: RunId, exit: Exit) => void): void;
  /** All runs with files on this machine. After a crash of the engine some are running, some have ended. */
  list(): Promise<FoundRun[]>;
  /** For exec probes: a command beside the run, in its environment and folder. Exit code 124 after the limit. */
  exec(beside: ContainerStart, command: readonly string[], timeoutMs: number): Promise<ExecResult>;
  /** Where a run's own copy of its image goes (it does not exist yet), and the pod's folder for temporary files. */
  folders(id: RunId): Promise<{ readonly work: string; readonly temporary: string }>;
  /** Where a volume of the pod lies (it need not exist); gone with `remove`. In memory where the machine can. */
  volumeFolder(podUid: string, volume: string, medium: "disk" | "memory"): string;
  /** Where the run's output lies on this machine, for a program that is hosted and not run; "" = nowhere. */
  logPath(id: RunId): string;
  /** The end of the run's output, at most `bytes`; "" when there is none. */
  tail(id: RunId, bytes: number): Promise<string>;
  /** Keeps with the pod's files what an engine that adopts it must know. */
  remember(podUid: string, record: PodRecord): Promise<void>;
  recall(podUid: string): Promise<PodRecord | undefined>;
  /** Kills what is left of the pod and removes its folder, logs included. Idempotent. */
  remove(podUid: string): Promise<void>;
}

export interface RunId {
  readonly podUid: string;
  readonly container: string;
  /** 0 for the first run of the container. */
  readonly restart: number;
}

export interface ContainerStart extends RunId {
  /** Program and arguments. A program without a slash is looked up in the PATH of `env`. */
  readonly command: readonly string[];
  readonly workingDirectory: string;
  /** The whole environment; nothing is added. */
  readonly env: Readonly<Record<string, string>>;
  /** What the container sees besides; where mounts cannot be had, the same below the folder named by EBB_ROOT. */
  readonly mounts?: readonly Mount[];
  /** The kernel kills what takes more, where the runtime can have it so. */
  readonly memoryBytes?: number;
  /** Somebody may write to the program. */
  readonly isFed?: boolean;
  readonly terminal?: boolean;
}

export interface Mount {
  /** A folder or file of this machine. */
  readonly source: string;
  /** Absolute path as the program knows it. */
  readonly target: string;
  readonly readOnly: boolean;
}

export interface Run extends RunId {
  readonly pid: number;
  /** Clock.wall() when it was started. */
  readonly startedAtMs: number;
}

export interface Exit {
  /** 128 + n when signal n ended it, as shells and Kubernetes have it. */
  readonly exitCode: number;
  /** Wall time. */
  readonly atMs: number;
  /** The kernel killed it because it had taken more than `memoryBytes`. */
  readonly isOutOfMemory?: boolean;
}

export interface FoundRun extends Run {
  /** Absent while it runs. */
  readonly exit?: Exit;
}

export interface PodRecord {
  readonly ip: string;
  /** Declared port → the port that the process got. */
  readonly ports: readonly { readonly declared: number; readonly port: number }[];
}

export interface ExecResult {
  readonly exitCode: number;
  /** The last KiB of stdout and stderr. */
  readonly output: string;
}

export function runText(id: RunId): string {
  return `${id.podUid}/${id.container}/${id.restart}`;
}
