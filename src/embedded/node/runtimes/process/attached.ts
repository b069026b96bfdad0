import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { quote } from "./script.ts";

/** A command whose streams somebody holds (kubectl exec): it ends with its reader, so it needs no shim. */
export interface Attached {
  write(bytes: Uint8Array): void;
  endInput(): void;
  /** Output waits until the promise that the listener returns is settled. */
  onOutput(listener: (stream: "stdout" | "stderr", bytes: Uint8Array) => Promise<void>): void;
  /** Resolves after the last output; 128 + n when signal n ended it. */
  readonly ended: Promise<number>;
  kill(): void;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** `launch`: shell text that becomes the command. */
export function runAttached(launch: string): Attached {
  const child = spawn("/bin/sh", ["-c", launch], { stdio: "pipe", env: {}, detached: true });
  // Most commands end without reading all of their input.
  child.stdin.on("error", () => {});
  const deliveries = new Set<Promise<void>>();
  const onOutput: Attached["onOutput"] = (listener) => {
    for (const name of ["stdout", "stderr"] as const) {
      const source = child[name];
      source.on("data", (bytes: Buffer) => {
        source.pause();
        const delivery = listener(name, bytes).finally(() => {
          deliveries.delete(delivery);
          source.resume();
        });
        deliveries.add(delivery);
      });
    }
  };
  const closed = new Promise<number>((resolve) => {
    child.on("error", () => resolve(126));
    child.on("close", (code, signal) => resolve(code ?? 128 + (SIGNAL_NUMBERS[signal ?? ""] ?? 0)));
  });
  return {
    write: (bytes) => void child.stdin.write(bytes),
    endInput: () => void child.stdin.end(),
    onOutput,
    ended: closed.then(async (code) => {
      await Promise.all(deliveries);
      return code;
    }),
    kill() {
      try {
        if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // Gone by itself meanwhile.
      }
    },
  };
}

const SCRIPT = "/usr/bin/script";

/** The command on a terminal of its own, where script(1) is at hand; else on pipes. */
export function onTerminal(command: readonly string[]): readonly string[] {
  if (!existsSync(SCRIPT)) return command;
  return [SCRIPT, "-q", "-e", "-c", command.map(quote).join(" "), "/dev/null"];
}
