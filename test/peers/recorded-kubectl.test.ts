import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { judgeCommands } from "../support/command-judge.ts";
import { BUILD_TIMEOUT_MS, runGo, skipWithoutGo } from "../support/go.ts";
import { exceptions, newestExceptions } from "./recorded-kubectl.exceptions.ts";

/** What kubectl prints against ebb, compared with what it printed against a real Kubernetes. */

const FILE = "apiserver/kubectl.jsonl";
const found = spawnSync("/bin/sh", ["-c", "command -v kubectl"], { encoding: "utf8" }).stdout.trim();
const built = mkdtempSync(join(tmpdir(), "ebb-kubectl-"));

judgeCommands({
  file: FILE,
  about: "the kubectl of this machine",
  exceptions,
  skip: found === "" && "kubectl is not installed",
  programs: async () => found.slice(0, found.lastIndexOf("/")),
});

judgeCommands({
  file: FILE,
  about: "the newest kubectl",
  exceptions: newestExceptions,
  skip: skipWithoutGo,
  timeoutMs: BUILD_TIMEOUT_MS,
  async programs() {
    await runGo("build", "-ldflags=-s -w", `-o=${built}/kubectl`, "./kubectl");
    return built;
  },
});

after(() => rmSync(built, { recursive: true, force: true }));
