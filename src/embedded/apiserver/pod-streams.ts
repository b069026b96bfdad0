import type { Duplex, Readable, Writable } from "node:stream";

/** Where `kubectl exec`, `attach` and `port-forward` lead; the node agent implements it. All reject with ApiError. */
export interface PodStreams {
  /** Starts the command beside the container, which must run. */
  exec(request: PodCommandRequest): Promise<RunningCommand>;
  /** Joins the container's own program, which must run. */
  attach(request: PodCommandRequest): Promise<RunningCommand>;
  /** A connection to a port of the pod, by the number that its containers declare or listen on. */
  connect(request: PodPortRequest): Promise<Duplex>;
  /** Resolves when the pod's programs are told to end, or have ended: at once for one that does not run here. */
  ended(uid: string): Promise<void>;
}

export interface PodCommandRequest {
  readonly uid: string;
  readonly pod: string;
  readonly container: string;
  /** Empty for attach. */
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** A terminal: stdout and stderr come as one. */
  readonly tty: boolean;
}

export interface PodPortRequest {
  readonly uid: string;
  readonly pod: string;
  readonly port: number;
}

export interface RunningCommand {
  /** Absent when it takes none. */
  readonly stdin?: Writable;
  /** To be read to their ends, or destroyed. */
  readonly stdout: Readable;
  /** Absent when both come as one. */
  readonly stderr?: Readable;
  /** The exit code, 128 + n when signal n ended it. */
  readonly ended: Promise<number>;
  /** Of its terminal, in characters; without one nothing happens. */
  resize(size: TerminalSize): void;
  /** Nobody listens any more: ends what was started for the caller, and leaves what was only joined. */
  leave(): void;
}

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}
