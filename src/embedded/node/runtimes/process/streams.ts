import { spawn } from "node:child_process";
import { appendFileSync, constants, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { Readable, type Writable } from "node:stream";
import { bytesFrom, sizeOf } from "../../log-file.ts";
import type { RunFiles } from "../../pod-folder.ts";
import { sendSignal } from "./process-facts.ts";

/** A program whose streams somebody holds (`kubectl exec` and `attach`); the API server's port has the same shape. */
export interface RunningProgram {
  readonly stdin?: Writable;
  readonly stdout: Readable;
  readonly stderr?: Readable;
  /** 128 + n when signal n ended it. */
  readonly ended: Promise<number>;
  resize(size: { readonly width: number; readonly height: number }): void;
  /** Nobody listens any more. */
  leave(): void;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** `launch`: shell text that becomes the command. It ends with its reader, so it needs no shim. */
export function runHeld(launch: string): Omit<RunningProgram, "resize"> {
  const child = spawn("/bin/sh", ["-c", launch], { stdio: "pipe", env: {}, detached: true });
  const ended = new Promise<number>((resolve) => {
    child.on("error", () => resolve(126));
    child.on("exit", (code, signal) => resolve(code ?? 128 + (SIGNAL_NUMBERS[signal ?? ""] ?? 0)));
  });
  const leave = () => {
    try {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Gone by itself meanwhile.
    }
  };
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, leave };
}

/**
 * Joins a run: its output is what its log gets from now on, its input the named pipe, if it has one. With `endsInput`
 * who holds that pipe open is let go, so that the input ends when this caller's does.
 */
export async function attachTo(
  files: RunFiles,
  { over, endsInput }: { readonly over: Promise<void>; readonly endsInput: boolean },
): Promise<Omit<RunningProgram, "resize">> {
  const left = new AbortController();
  // The run's starter makes it, but may be slower.
  appendFileSync(files.log, "");
  const start = (await sizeOf(files.log)) ?? 0;
  const stdout = Readable.from(bytesFrom(files.log, { start, over, signal: left.signal }), {
    objectMode: false,
  });
  const stdin = existsSync(files.input) ? openInput(files.input) : undefined;
  if (endsInput) letGo(files.holder);
  const leave = () => {
    left.abort();
    stdin?.destroy();
  };
  const ended = over.then(() => {
    stdin?.destroy();
    return 0;
  });
  return { ...(stdin ? { stdin } : {}), stdout, ended, leave };
}

function openInput(path: string): Writable {
  // Not blocking: it fails at once when no program reads there.
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: false, writable: true });
}

/** Once: the file goes with the process, whose number may be another's by the next time. */
function letGo(holderFile: string): void {
  if (!existsSync(holderFile)) return;
  const pid = Number(readFileSync(holderFile, "latin1"));
  rmSync(holderFile);
  if (pid > 1) sendSignal(pid, "SIGKILL");
}
