import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import { NamespaceKind } from "../../src/api/namespace/kind.ts";
import { silentLog } from "../../src/base/log.ts";
import { MemoryLimits } from "../../src/embedded/node/runtimes/process/memory-limits.ts";
import { type Engine, engineUp, removeFolder, temporaryFolder } from "../support/engine.ts";
import { BUILD_TIMEOUT_MS, runGo, skipWithoutGo } from "../support/go.ts";
import { run } from "../support/run.ts";
import { addTestImages, REPOSITORY } from "../support/test-images.ts";

/** Knative's own API conformance tests against the whole engine (spec §8.3), with the settings of Knative's CI. */

const SUITE = "knative.dev/serving/test/conformance/api";
const folder = temporaryFolder("conformance");
let engine: Engine;

/** Longer than `-test.timeout`, so that the suite itself tells which test hangs. */
const SUITE_TIMEOUT_MS = 540_000;

const FLAGS = [
  "-test.v",
  "-test.parallel=8",
  "-test.timeout=8m",
  "-ingressendpoint=127.0.0.1",
  `-dockerrepo=${REPOSITORY}`,
  "-enable-alpha",
  "-enable-beta",
  "-disable-logstream",
  "-spooftimeout=60s",
];

describe("Knative's API conformance tests", { skip: skipWithoutGo, timeout: BUILD_TIMEOUT_MS }, () => {
  before(
    async () => {
      const packages = ["v1", "v1beta1"].map((name) => `${SUITE}/${name}`);
      await runGo("test", "-c", "-vet=off", "-tags=e2e", "-ldflags=-s -w", `-o=${folder}/`, ...packages);
      const home = join(folder, "home");
      await addTestImages(home);
      engine = await engineUp({ home });
      await prepare();
    },
    { timeout: BUILD_TIMEOUT_MS },
  );

  after(async () => {
    await engine?.stop();
    removeFolder(folder);
  });

  // TestCustomResourcesLimits needs a kernel that keeps memory limits for this user.
  test("v1", { timeout: SUITE_TIMEOUT_MS }, (context) =>
    judge(context, { suite: "v1", tests: 28, leaveOut: withoutLimits() }),
  );
  test("v1beta1", { timeout: SUITE_TIMEOUT_MS }, (context) =>
    judge(context, { suite: "v1beta1", tests: 1, leaveOut: [] }),
  );
});

async function prepare(): Promise<void> {
  const { client } = engine;
  for (const name of ["serving-tests", "serving-tests-alt"])
    await client.create(NamespaceKind, { metadata: { name }, spec: {} });
  const network = { namespace: "knative-serving", name: "config-network" };
  const body = { data: { "autocreate-cluster-domain-claims": "true" } };
  await client.patch(ConfigMapKind, network, { type: "merge", body });
}

function withoutLimits(): string[] {
  const trial = { podUid: "trial", container: "trial", restart: 0 };
  const limits = new MemoryLimits(silentLog);
  const canLimit = limits.prepare(trial, 1 << 26) !== undefined;
  limits.remove(trial);
  return canLimit ? [] : ["TestCustomResourcesLimits"];
}

interface Wanted {
  readonly suite: string;
  /** How many there are: none may get lost. */
  readonly tests: number;
  readonly leaveOut: readonly string[];
}

async function judge(context: TestContext, { suite, tests, leaveOut }: Wanted): Promise<void> {
  const skip = leaveOut.length === 0 ? [] : [`-test.skip=^(${leaveOut.join("|")})$`];
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    KUBECONFIG: engine.ready.kubeconfig,
    SYSTEM_NAMESPACE: "knative-serving",
    GATEWAY_NAMESPACE_OVERRIDE: "knative-serving",
    GATEWAY_OVERRIDE: "gateway",
  };
  const { stdout, stderr } = await run(join(folder, `${suite}.test`), [...FLAGS, ...skip], {
    env,
    cwd: folder,
  });
  const results = resultsOf(stdout);
  for (const { name, outcome } of results)
    await context.test(name, (inner) => {
      if (outcome === "SKIP") inner.skip(linesOf(stdout, name).slice(-3).join("; "));
      else assert.equal(outcome, "PASS", linesOf(stdout, name).slice(-15).join("\n"));
    });
  for (const name of leaveOut)
    await context.test(name, (inner) => inner.skip("this user may make no memory cgroup"));
  const count = (wanted: string) => results.filter(({ outcome }) => outcome === wanted).length;
  context.diagnostic(
    `${suite}: ${count("PASS")} passed, ${count("FAIL")} failed, ${count("SKIP") + leaveOut.length} skipped of ${tests}`,
  );
  const ran = results.length + leaveOut.length;
  assert.equal(ran, tests, `the suite ended early: ${stdout.slice(-3_000)} ${stderr.slice(-1_000)}`);
}

function resultsOf(stdout: string): { name: string; outcome: string }[] {
  return [...stdout.matchAll(/^--- (PASS|FAIL|SKIP): (\S+) /gm)].map(([, outcome = "", name = ""]) => ({
    name,
    outcome,
  }));
}

/** What a test logged, also while others ran beside it. */
function linesOf(stdout: string, name: string): string[] {
  const lines: string[] = [];
  let current = "";
  for (const line of stdout.split("\n")) {
    const started = /^=== (?:RUN|NAME|CONT|PAUSE) +(\S+)/.exec(line)?.[1];
    if (started !== undefined) current = started;
    else if (current === name || current.startsWith(`${name}/`)) lines.push(line.trim().slice(0, 400));
  }
  return lines;
}
