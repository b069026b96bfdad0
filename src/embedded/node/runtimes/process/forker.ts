import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { EbbError } from "../../../../base/errors.ts";
import { FORKER } from "./script.ts";

/**
 * The one shell from which all shims are forked. Spawned once, early, while this process is small: a spawn of Node's
 * own copies page tables and costs its caller 2–30 ms, a line down this pipe a few microseconds.
 */
export class Forker {
  readonly #shell: ChildProcess;
  readonly #commands: Socket;
  #partial = "";
  #alive = true;

  /** `onMessage` gets the shims' lines; `onDeath` is called when the shell ends without `close`. */
  constructor(options: { onMessage: (words: readonly string[]) => void; onDeath: () => void }) {
    const isBash = existsSync("/bin/bash");
    this.#shell = spawn(
      isBash ? "/bin/bash" : "/bin/sh",
      isBash ? ["--norc", "--noprofile", "-c", FORKER] : ["-c", FORKER],
      // A session of its own: what a terminal or a process group is told does not reach the pods.
      { stdio: ["pipe", "ignore", "ignore", "pipe"], env: {}, detached: true },
    );
    this.#commands = this.#shell.stdin as Socket;
    this.#commands.on("error", () => this.#die(options.onDeath));
    this.#shell.on("error", () => this.#die(options.onDeath));
    this.#shell.on("exit", () => this.#die(options.onDeath));
    const messages = this.#shell.stdio[3] as Socket;
    messages.setEncoding("latin1");
    messages.on("data", (text: string) => this.#read(text, options.onMessage));
    // A pipe that breaks has lost its shell, whose own end is told.
    messages.on("error", () => {});
    // The engine ends when its own work has ended, whatever still runs below the forker.
    this.#shell.unref();
    for (const stream of [this.#commands, messages]) stream.unref();
  }

  run(scriptPath: string): void {
    if (!this.#alive) throw new EbbError("forker-gone", `cannot run ${scriptPath}: the forker has ended`);
    this.#commands.write(`${scriptPath}\n`);
  }

  /** No more commands; the shims go on. */
  close(): void {
    this.#alive = false;
    this.#commands.end();
  }

  #die(onDeath: () => void): void {
    if (!this.#alive) return;
    this.#alive = false;
    onDeath();
  }

  #read(text: string, onMessage: (words: readonly string[]) => void): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) onMessage(line.split(" "));
  }
}
