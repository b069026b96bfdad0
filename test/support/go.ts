import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The Go module of foreign judges, test/peers: its programs are built when a test wants them, never committed. */

const MODULE = fileURLToPath(new URL("../peers", import.meta.url));
const PLACES = ["/usr/local/go/bin/go", "/usr/lib/go/bin/go"];

/** Go itself, or why there is none. With CI=true its absence fails what needs it, so that no judge goes missing. */
export const go: { readonly path: string } | { readonly missing: string } = findGo();

export const skipWithoutGo: string | false =
  "missing" in go && process.env.CI !== "true" ? go.missing : false;

/** Downloads and compiling from nothing take minutes on a small machine. */
export const BUILD_TIMEOUT_MS = 1_200_000;

function findGo() {
  const onPath = (process.env.PATH ?? "").split(":").map((folder) => `${folder}/go`);
  const path = [...onPath, ...PLACES].find((one) => existsSync(one));
  return path === undefined
    ? { missing: "Go is not installed, so the judges written in Go did not run (go.dev/dl)" }
    : { path };
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(program, args, {
    cwd: options.cwd ?? MODULE,
    env: options.env ?? process.env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {
    // It ended without reading its input, as most commands do.
  });
  child.stdin.end(options.stdin ?? "");
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** `go ARGS` in the module; rejects with what Go printed when it fails. */
export async function runGo(...args: readonly string[]): Promise<string> {
  if ("missing" in go) throw new Error(go.missing);
  // The toolchain at hand decides; another one is not downloaded behind the test's back.
  const env = { ...process.env, GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local", CGO_ENABLED: "0" };
  const { code, stdout, stderr } = await run(go.path, args, { env });
  if (code !== 0) throw new Error(`go ${args.join(" ")} ended with ${code}:\n${stderr.slice(-4_000)}`);
  return stdout;
}
