import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { type Clock, sleep } from "../../../../base/clock.ts";
import { quote } from "./script.ts";

/** Terminals for programs, made by script(1), which most machines have, and changed by stty(1) through the device. */

const SCRIPT = "/usr/bin/script";

/** The command on a terminal of its own, whose device it writes to `deviceFile`; where there is none, as it is. */
export function onTerminal(command: readonly string[], deviceFile: string): readonly string[] {
  if (!existsSync(SCRIPT)) return command;
  const line = `tty >${quote(deviceFile)}; exec ${command.map(quote).join(" ")}`;
  return [SCRIPT, "-q", "-e", "-c", line, "/dev/null"];
}

const DEVICE_WAIT_MS = 20;
const DEVICE_WAITS_MAX = 100;

/** Gives sizes to one terminal: the newest one counts, and the first one may come before the terminal is there. */
export class TerminalSizes {
  readonly #clock: Clock;
  readonly #deviceFile: string;
  #next: { readonly width: number; readonly height: number } | undefined;
  #isSetting = false;
  #isOver = false;

  constructor(clock: Clock, deviceFile: string) {
    this.#clock = clock;
    this.#deviceFile = deviceFile;
  }

  set(size: { readonly width: number; readonly height: number }): void {
    this.#next = size;
    if (!this.#isSetting) void this.#setUntilDone();
  }

  end(): void {
    this.#isOver = true;
  }

  async #setUntilDone(): Promise<void> {
    this.#isSetting = true;
    const device = await this.#device();
    for (let size = this.#next; size && device !== ""; size = this.#next) {
      this.#next = undefined;
      await setSize(device, size);
    }
    this.#isSetting = false;
  }

  async #device(): Promise<string> {
    for (let waits = 0; waits < DEVICE_WAITS_MAX && !this.#isOver; waits++) {
      const text = existsSync(this.#deviceFile) ? readFileSync(this.#deviceFile, "utf8") : "";
      if (text.endsWith("\n")) return text.startsWith("/dev/") ? text.trim() : "";
      await sleep(this.#clock, DEVICE_WAIT_MS);
    }
    return "";
  }
}

/** A terminal that is gone meanwhile needs no size. */
function setSize(device: string, { width, height }: { width: number; height: number }): Promise<void> {
  const args = ["-F", device, "rows", String(height), "cols", String(width)];
  return new Promise((resolve) => execFile("stty", args, () => resolve()));
}
