import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface App {
  /** An executable file that serves on $PORT. */
  readonly path: string;
  readonly language: "go" | "node" | "given";
}

/** The program that the benches start: `given`, else a Go one when Go is on this machine, else one for Node. */
export function buildApp(given?: string): App {
  if (given) return { path: resolve(given), language: "given" };
  const path = join(mkdtempSync(join(tmpdir(), "ebb-bench-app-")), "hello");
  const cwd = join(import.meta.dirname, "apps/hello");
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=mod" };
  const built = spawnSync("go", ["build", "-ldflags", "-s -w", "-o", path, "."], {
    cwd,
    env,
    stdio: "ignore",
  });
  if (built.status === 0) return { path, language: "go" };
  return { path: join(import.meta.dirname, "apps/hello.mjs"), language: "node" };
}
