import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { run } from "./run.ts";

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

/** `go ARGS` in the module, or where `-C` says; rejects with what Go printed when it fails. */
export async function runGo(...args: readonly string[]): Promise<string> {
  if ("missing" in go) throw new Error(go.missing);
  // The toolchain at hand decides; another one is not downloaded behind the test's back.
  const env = { ...process.env, GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local", CGO_ENABLED: "0" };
  const { code, stdout, stderr } = await run(go.path, args, { env, cwd: MODULE });
  if (code !== 0) throw new Error(`go ${args.join(" ")} ended with ${code}:\n${stderr.slice(-4_000)}`);
  return stdout;
}
