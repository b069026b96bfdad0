import { randomInt } from "node:crypto";
import { copyFileSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Verdict } from "./golden.ts";
import { type Ran, run } from "./run.ts";
import { shellWords } from "./shell-words.ts";

/** Recorded commands of kubectl and kn, run again against a server; the README of the recorded files tells the form. */

export interface RecordedCommand {
  readonly id: string;
  readonly scenario: string;
  readonly files?: Readonly<Record<string, string>> | null;
  readonly command: string;
  readonly stdin?: string;
  readonly wait?: Wait;
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Wait {
  readonly path: string;
  readonly until?: readonly (readonly [path: string, value: unknown])[];
  readonly gone?: boolean;
  readonly seconds?: number;
}

export interface ReplayOptions {
  readonly kubeconfig: string;
  /** Where kubectl and kn are looked for; first of all. */
  readonly programs: string;
}

const COMMAND_MS = 120_000;

/** Runs the commands of one scenario in order; resolves to what differs, by id. */
export async function replayScenario(
  commands: readonly RecordedCommand[],
  options: ReplayOptions,
): Promise<Map<string, Verdict>> {
  const place = new Place(options);
  const differences = new Map<string, Verdict>();
  try {
    await place.prepare();
    for (const recorded of commands) {
      const difference = differenceOf(recorded, await place.run(recorded));
      if (difference !== undefined) differences.set(recorded.id, difference);
    }
  } finally {
    await place.close();
  }
  return differences;
}

function differenceOf(want: RecordedCommand, got: Ran): Verdict {
  const parts: string[] = [];
  if (want.exit !== got.code) parts.push(`exit: want ${want.exit}, got ${got.code}`);
  for (const stream of ["stdout", "stderr"] as const) {
    const wanted = want[stream].split("\n");
    const given = got[stream].split("\n");
    const at = wanted.findIndex((line, index) => line !== given[index]);
    const line = at >= 0 ? at : wanted.length;
    if (at >= 0 || given.length > wanted.length)
      parts.push(`${stream} line ${line + 1}: want ${shown(wanted[line])}, got ${shown(given[line])}`);
  }
  return parts.length === 0 ? undefined : `${want.command}: ${parts.join("; ")}`;
}

function shown(line: string | undefined): string {
  return line === undefined ? "no more" : JSON.stringify(line.slice(0, 300));
}

/** One scenario's folder, namespace, kubeconfig and environment. */
class Place {
  readonly #namespace =
    `g-${Array.from({ length: 8 }, () => "bcdfghjklmnpqrstvwxz"[randomInt(20)]).join("")}`;
  readonly #folder = mkdtempSync(join(tmpdir(), "golden-"));
  readonly #home = mkdtempSync(join(tmpdir(), "golden-home-"));
  readonly #environment: Record<string, string>;

  constructor({ kubeconfig, programs }: ReplayOptions) {
    const config = join(this.#home, "kubeconfig");
    copyFileSync(kubeconfig, config);
    this.#environment = {
      PATH: `${programs}:${process.env.PATH}`,
      HOME: this.#home,
      KUBECONFIG: config,
      LANG: "C.UTF-8",
      TZ: "UTC",
    };
  }

  async prepare(): Promise<void> {
    await this.#call(["kubectl", "create", "namespace", this.#namespace]);
    await this.#call(["kubectl", "config", "set-context", "--current", "--namespace", this.#namespace]);
    const account = `/api/v1/namespaces/${this.#namespace}/serviceaccounts/default`;
    for (let tries = 0; tries < 20; tries++) {
      if ((await this.#call(["kubectl", "get", "--raw", account])).code === 0) return;
      await pause(100);
    }
  }

  async run(recorded: RecordedCommand): Promise<Ran> {
    for (const [name, content] of Object.entries(recorded.files ?? {}))
      writeFileSync(join(this.#folder, name), this.#here(content));
    if (recorded.wait) await this.#wait(recorded.wait);
    const words = shellWords(this.#here(recorded.command));
    const { code, stdout, stderr } = await this.#call(words, this.#here(recorded.stdin ?? ""));
    return { code, stdout: this.#normalized(stdout), stderr: this.#normalized(stderr) };
  }

  async close(): Promise<void> {
    await this.#call(["kubectl", "delete", "namespace", this.#namespace, "--wait=false"]);
    for (const folder of [this.#folder, this.#home]) rmSync(folder, { recursive: true, force: true });
  }

  #here(text: string): string {
    return text.replaceAll("{{ns}}", this.#namespace);
  }

  #normalized(text: string): string {
    let result = text
      .replaceAll(`${this.#folder}/`, "")
      .replaceAll(this.#folder, "FOLDER")
      .replaceAll(realpathSync(this.#folder), "FOLDER")
      .replaceAll(this.#namespace, "{{ns}}");
    for (const side of ["LIVE", "MERGED"]) result = result.replaceAll(`${tmpdir()}/${side}`, side);
    for (const [pattern, replacement] of RULES) result = result.replace(pattern, replacement);
    return result
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n");
  }

  /** What never comes true is left to the comparison of the command's output. */
  async #wait({ path, until = [], gone, seconds = 40 }: Wait): Promise<void> {
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      const { code, stdout } = await this.#call(["kubectl", "get", "--raw", this.#here(path)]);
      if (gone ? code !== 0 : code === 0 && until.every(([at, is]) => holds(JSON.parse(stdout), at, is)))
        return;
      await pause(200);
    }
  }

  #call(words: readonly string[], stdin = ""): Promise<Ran> {
    const [program = "", ...args] = words;
    const options = { cwd: this.#folder, env: this.#environment, stdin, timeoutMs: COMMAND_MS };
    return run(program, args, options);
  }
}

function holds(object: unknown, path: string, wanted: unknown): boolean {
  const value = path
    .split(".")
    .map((part) => part.replaceAll("~", "."))
    .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined | null)?.[part], object);
  return wanted === "*" ? value !== undefined && value !== null : value === wanted;
}

const MOMENT =
  /\b20(?:2[5-9]|[3-9]\d)-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d| [+-]\d{4} \w+)?(?: m=\S+)?/g;

/** What no two runs have in common, in the order in which it is replaced. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "UID"],
  [/https?:\/\/(127\.0\.0\.1|localhost):\d+/g, "SERVER"],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, "JWT"],
  [MOMENT, "TIME"],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} 20\d\d \d\d:\d\d:\d\d [+-]\d{4}/g, "TIME"],
  [/(resourceVersion"?: ?"?)\d+/g, "$1RV"],
  [/^([EWI])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [\w.]+:\d+\]/gm, "$1LOG]"],
  // At its own time-out kubectl closes its watch, and by luck finds it closed before it finds the time over: its
  // reflector calls that watch short then. A short watch without the time-out behind it is the server's and stays.
  [/^[WI]LOG\].*very short watch.*\n(?=error: timed out waiting )/gm, ""],
  [/(Resource Version: +)\d+/g, "$1RV"],
  [/(LIVE|MERGED)-\d+/g, "$1"],
  [/(Error from server \(Timeout\).*current: )\d+/g, "$1N"],
  [/\b\d+\.\d+\.\d+\.\d+(:\d+)?\b(?!-)/g, "IP"],
  [/(?<![\w.-])(\d+(d|h|m|s|ms|y)){1,3}( ago)?(?= *($|[\s)]))/gm, "AGE"],
  [/kube-api-access-[a-z0-9]{5}\b/g, "kube-api-access-rand5"],
  [/(pod-template-hash[=:] ?"?)[a-z0-9]{8,10}/g, "$1HASH"],
  [/(?<=\S)[ \t]{2,}(?=\S)/g, "  "],
];
