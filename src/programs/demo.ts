import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ConfigMapKind } from "../api/config-map/kind.ts";
import { PodKind } from "../api/pod/kind.ts";
import { type Service, ServiceKind } from "../api/service/kind.ts";
import { systemClock as clock } from "../base/clock.ts";
import { EbbError, messageOf } from "../base/errors.ts";
import { type Applied, applyManifest } from "../cli/apply-manifest.ts";
import { waterfall } from "../cli/waterfall.ts";
import { coldRequest } from "./cold-request.ts";
import { type Ebb, start } from "./library.ts";
import { processesOf } from "./service-processes.ts";
import { onStopRequest } from "./stop-requests.ts";

/**
 * `npm start`: one service goes 1 → 0 → 1 (→ 0 with --once), told step by step. Any step that fails ends it with exit
 * code 1 and the reason.
 */

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const IMAGE = "registry.cn-hangzhou.aliyuncs.com/knative-sample/helloworld-go:160e4db7";
/** The shortest windows that Knative allows make the round short enough to watch. */
const SHORT_WINDOWS = { "stable-window": "6s", "scale-to-zero-grace-period": "2s" };
const STEP_LIMIT_MS = 120_000;

const say = (text: string) => void process.stdout.write(`${text}\n`);

async function demo(isOnce: boolean): Promise<void> {
  const home = isOnce ? mkdtempSync(join(tmpdir(), "ebb-once-")) : ".ebb";
  const ports = isOnce ? { httpPort: 0, apiPort: 0 } : { httpPort: 8080, apiPort: 6443 };
  const ebb = await start({ home, ...ports });
  const ended = new Promise<Error | undefined>((resolve) => {
    onStopRequest(() => resolve(undefined));
    void ebb.failed.then(resolve);
  });
  try {
    say(`ebb is ready after ${Math.round(ebb.readyMs)} ms: gateway ${ebb.gateway}, API ${ebb.api}`);
    say(`  kubectl --kubeconfig ${ebb.kubeconfig} get ksvc\n`);
    const over = Symbol("over");
    const outcome = await Promise.race([showRound(ebb, isOnce).then(() => over), ended]);
    if (outcome === over && !isOnce) {
      say("\nStays up until Ctrl-C.");
      await ended;
    }
    if (outcome instanceof Error) throw outcome;
  } finally {
    await ebb.stop();
    if (isOnce) rmSync(home, { recursive: true, force: true });
  }
}

async function showRound(ebb: Ebb, isOnce: boolean): Promise<void> {
  await ebb.images.add(IMAGE, join(examples, "hello"));
  say(`put examples/hello into the image store as\n  ${IMAGE}`);
  await shortenWindows(ebb);
  const manifest = readFileSync(join(examples, "readiness-prober.yaml"), "utf8");
  const applied = await applyManifest(readFileSync(ebb.kubeconfig, "utf8"), manifest);
  say(`${applied.verb} Service ${applied.name} from examples/readiness-prober.yaml`);
  const ready = await waitReady(ebb, applied);
  const first = applied.verb === "created" ? " (scale 1: the first pod is no cold start)" : "";
  say(`Ready after ${seconds(ready.ms)}: ${ready.url}${first}`);
  const zeroMs = await waitZero(ebb, applied);
  say(`scale 0 after ${seconds(zeroMs)}: no process of the service is alive`);
  const { timeline, ms, body } = await coldRequest(ebb, ready.url);
  say(`scale 1: a request to ${ready.url} was held and answered in ${ms.toFixed(1)} ms: ${body.trim()}`);
  say(waterfall(timeline));
  if (!isOnce) return;
  const againMs = await waitZero(ebb, applied);
  say(`scale 0 again after ${seconds(againMs)}\n`);
  say(`summary: scale 1 → 0 → 1 → 0; cold answer ${ms.toFixed(1)} ms; every step passed`);
}

async function shortenWindows(ebb: Ebb): Promise<void> {
  const key = { namespace: "knative-serving", name: "config-autoscaler" };
  await ebb.client("admin").patch(ConfigMapKind, key, { type: "merge", body: { data: SHORT_WINDOWS } });
  const settings = Object.entries(SHORT_WINDOWS).map(([name, value]) => `${name} ${value}`);
  say(`shortened the windows in config-autoscaler for this demonstration: ${settings.join(", ")}`);
}

async function waitReady(ebb: Ebb, applied: Applied): Promise<{ url: string; ms: number }> {
  return until("Ready", async () => {
    const service: Service = await ebb.client("admin").get(ServiceKind, applied);
    const { status } = service;
    const condition = status?.conditions?.find(({ type }) => type === "Ready");
    const isCurrent = status?.observedGeneration === service.metadata.generation;
    if (isCurrent && condition?.status === "False") {
      throw new EbbError("not-ready", `${applied.name} failed: ${condition.reason}: ${condition.message}`);
    }
    return isCurrent && condition?.status === "True" && status?.url ? { url: status.url } : undefined;
  });
}

/** Zero by both books: no Pod in the API, and no process of the service on the machine. */
async function waitZero(ebb: Ebb, { namespace, name }: Applied): Promise<number> {
  const labelSelector = `serving.knative.dev/service=${name}`;
  const { ms } = await until("scale zero", async () => {
    const pods = await ebb.client("admin").list(PodKind, { namespace, labelSelector });
    return pods.items.length + processesOf(name, dirname(ebb.kubeconfig)) === 0 ? {} : undefined;
  });
  return ms;
}

async function until<T extends object>(
  what: string,
  look: () => Promise<T | undefined>,
): Promise<T & { ms: number }> {
  const startedMs = clock.monotonic();
  for (;;) {
    const found = await look();
    const ms = clock.monotonic() - startedMs;
    if (found) return { ...found, ms };
    if (ms > STEP_LIMIT_MS)
      throw new EbbError("too-late", `${what} was not reached in ${seconds(STEP_LIMIT_MS)}`);
    await pause(50);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

try {
  await demo(process.argv.includes("--once"));
} catch (thrown) {
  process.stderr.write(`ebb: ${thrown instanceof EbbError ? thrown.message : messageOf(thrown)}\n`);
  if (!(thrown instanceof EbbError) && thrown instanceof Error) process.stderr.write(`${thrown.stack}\n`);
  process.exitCode = 1;
}
