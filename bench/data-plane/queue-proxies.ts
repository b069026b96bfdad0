import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Contender, untilListens } from "./contender.ts";
import { newNamespace, spawnInside } from "./namespace.ts";
import { writeApp } from "./nginx.ts";

/** A queue-proxy alone with nginx, as in a cluster's pod: ebb's own and, where named, Knative's. */

export const SERVING_PORT = 8012;
const USER_PORT = 8080;

/** What Knative's revision controller writes; a limit is set, so that admission is part of what is measured. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  CONTAINER_CONCURRENCY: "1000",
  QUEUE_SERVING_PORT: String(SERVING_PORT),
  QUEUE_SERVING_TLS_PORT: "8112",
  USER_PORT: String(USER_PORT),
  REVISION_TIMEOUT_SECONDS: "300",
  REVISION_RESPONSE_START_TIMEOUT_SECONDS: "300",
  REVISION_IDLE_TIMEOUT_SECONDS: "300",
  SERVING_LOGGING_CONFIG: "",
  SERVING_LOGGING_LEVEL: "",
  SERVING_NAMESPACE: "default",
  SERVING_SERVICE: "bench",
  SERVING_CONFIGURATION: "bench",
  SERVING_REVISION: "bench-00001",
  SERVING_POD: "bench-00001-deployment-1",
  SERVING_POD_IP: "127.0.0.1",
  SYSTEM_NAMESPACE: "knative-serving",
  HOSTNAME: "bench-00001-deployment-1",
  SERVING_READINESS_PROBE: `{"tcpSocket":{"port":${USER_PORT},"host":"127.0.0.1"},"successThreshold":1}`,
};

/** The request log with Knative's default template. */
export const WITH_LOG = { OBSERVABILITY_CONFIG: '{"enableRequestLog":true}' };

export interface QueueProxyPlan {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The application, which serves on $PORT; default nginx. */
  readonly app?: readonly string[];
  /** It tells of its start on stderr. */
  readonly quiet?: boolean;
}

/** `folder` holds the built package; `suffix` is put behind the name. */
export function ebbQueueProxy(folder: string, suffix: string): QueueProxyPlan {
  const program = join(folder, "queue-proxy.cjs");
  // A package from before it was one file, to be compared with.
  const older = join(folder, "queue-proxy.js");
  return {
    name: `ebb queue-proxy${suffix}`,
    command: [process.execPath, existsSync(program) ? program : older],
  };
}

/** Named by EBB_PEER_QUEUE_PROXY: an executable that is Knative's `cmd/queue`. */
export function knativeQueueProxy(): QueueProxyPlan | undefined {
  const path = process.env.EBB_PEER_QUEUE_PROXY;
  return path ? { name: "knative queue-proxy", command: [resolve(path)], quiet: true } : undefined;
}

/** Undefined where this user may make no network namespace. */
export async function startQueueProxy(folder: string, plan: QueueProxyPlan): Promise<Contender | undefined> {
  const namespace = await newNamespace();
  if (namespace === undefined) return undefined;
  const own = join(folder, plan.name.replaceAll(/\W/g, "-"));
  mkdirSync(own, { recursive: true });
  const env = { PATH: process.env.PATH };
  const command = plan.app ?? ["nginx", "-c", writeApp(own, USER_PORT)];
  const app = spawnInside(namespace, command, { env: { ...env, PORT: String(USER_PORT) } });
  await untilListens(`the application of ${plan.name}`, USER_PORT, namespace.pid);
  const proxy = spawnInside(namespace, plan.command, {
    env: { ...env, ...ENVIRONMENT, ...plan.env },
    quiet: plan.quiet ?? false,
  });
  await untilListens(plan.name, SERVING_PORT, namespace.pid);
  const stop = () => {
    proxy.kill("SIGKILL");
    app.kill("SIGKILL");
    namespace.stop();
  };
  return {
    name: plan.name,
    port: SERVING_PORT,
    inside: namespace.inside,
    pids: () => [proxy.pid ?? 0],
    stop,
  };
}
