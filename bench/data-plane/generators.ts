import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Contender } from "./contender.ts";

/** The bench's own load generators, each a process beside the contender, in its network. */

export const LOAD = join(import.meta.dirname, "load");

export interface Generated {
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

/** Runs `load/PROGRAM PORT HOST …args` and reads its one line. */
export async function generate<R extends Generated>(
  program: string,
  contender: Contender,
  args: readonly number[],
): Promise<R> {
  const [command = "", ...rest] = commandFor(program, contender, args);
  const { stdout } = await promisify(execFile)(command, rest);
  return JSON.parse(stdout) as R;
}

/** Connections that stay open until `close`. */
export async function holdConnections(
  contender: Contender,
  count: number,
): Promise<{ close(): Promise<void> }> {
  const [command = "", ...rest] = commandFor("idle-connections.mjs", contender, [count]);
  const child = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise<void>((open, failed) => {
    child.stdout.once("data", () => open());
    child.once("exit", (code) =>
      failed(new Error(`the connections to ${contender.name} ended with code ${code}`)),
    );
  });
  const close = () =>
    new Promise<void>((closed) => {
      child.removeAllListeners("exit");
      child.once("exit", () => closed());
      child.stdin.end();
    });
  return { close };
}

function commandFor(program: string, contender: Contender, args: readonly number[]): readonly string[] {
  const host = contender.host ?? "bench.example.com";
  const own = [process.execPath, join(LOAD, program), String(contender.port), host, ...args.map(String)];
  return [...contender.inside, ...own];
}
