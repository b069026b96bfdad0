/** Where `kubectl exec` runs its commands; the node agent implements it. */
export interface PodExec {
  /** Starts the command beside the container. Rejects with ApiError when the container does not run. */
  start(request: PodExecRequest): Promise<RunningCommand>;
}

export interface PodExecRequest {
  readonly uid: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** A terminal: stdout and stderr come as one. */
  readonly tty: boolean;
}

export interface RunningCommand {
  /** Bytes for the command's stdin; after `endInput` none are taken. */
  write(bytes: Uint8Array): void;
  endInput(): void;
  /** One listener, to be given at once; output waits until the promise it returns is settled. */
  onOutput(listener: (stream: "stdout" | "stderr", bytes: Uint8Array) => Promise<void>): void;
  /** Resolves after the last output, with 128 + n when signal n ended it. */
  readonly ended: Promise<number>;
  kill(): void;
}
