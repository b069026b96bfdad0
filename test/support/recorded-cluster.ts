import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import { KINDS } from "../../src/api/kinds.ts";
import { statusWriters } from "../../src/api/writers.ts";
import { systemClock as clock } from "../../src/base/clock.ts";
import { silentLog as log } from "../../src/base/log.ts";
import { systemRandom as random } from "../../src/base/random.ts";
import { configurationController } from "../../src/control-plane/controllers/configuration/controller.ts";
import { domainMappingController } from "../../src/control-plane/controllers/domain-mapping/controller.ts";
import { labelerController } from "../../src/control-plane/controllers/labeler/controller.ts";
import { revisionController } from "../../src/control-plane/controllers/revision/controller.ts";
import { routeController } from "../../src/control-plane/controllers/route/controller.ts";
import { serverlessServiceController } from "../../src/control-plane/controllers/serverless-service/controller.ts";
import { serviceController } from "../../src/control-plane/controllers/service/controller.ts";
import { ApiServer } from "../../src/embedded/apiserver/api-server.ts";
import { bootstrap } from "../../src/embedded/apiserver/bootstrap.ts";
import { type Credentials, loadCredentials } from "../../src/embedded/apiserver/credentials.ts";
import { startHttpsServer } from "../../src/embedded/apiserver/https-server.ts";
import { knativeWebhook } from "../../src/embedded/apiserver/knative-webhook.ts";
import { SchemaAdmission } from "../../src/embedded/apiserver/schema-admission.ts";
import { MemoryStorage } from "../../src/embedded/apiserver/storage/memory-storage.ts";
import { SystemConfig } from "../../src/embedded/apiserver/system-config.ts";
import { Workloads } from "../../src/embedded/workloads/workloads.ts";
import { ConfigWatch } from "../../src/kube/config-watch.ts";
import type { Controller, ParentObject } from "../../src/kube/controller.ts";
import { Informers } from "../../src/kube/informers.ts";
import { startReconcileLoop } from "../../src/kube/reconcile-loop.ts";
import { readDescriptions } from "../../src/programs/descriptions.ts";

/**
 * The cluster in which the commands were recorded, for real programs over HTTPS: API, the controller manager's part
 * and Knative's controllers, but no node, no autoscaler and nobody who carries out Ingresses.
 */
export interface RecordedCluster {
  /** The kubeconfig, with the names of the recorded one. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

const CHOICES = { queueSidecarImage: "dev.local/queue:latest" };

export async function recordedCluster(): Promise<RecordedCluster> {
  const folder = mkdtempSync(join(tmpdir(), "ebb-recorded-"));
  const config = new SystemConfig(CHOICES, log);
  const apiServer = new ApiServer({
    clock,
    random,
    log,
    storage: new MemoryStorage(),
    kinds: KINDS,
    admission: new SchemaAdmission(knativeWebhook(() => config.current)),
    writers: statusWriters,
    descriptions: readDescriptions,
  });
  await apiServer.start();
  const ended = new AbortController();
  await bootstrap({ client: apiServer.clientFor("bootstrap"), gatewayPorts: undefined });
  const domain = { namespace: "knative-serving", name: "config-domain" };
  const client = apiServer.clientFor("administrator");
  await client.patch(ConfigMapKind, domain, { type: "merge", body: { data: null } });
  await config.follow(apiServer.clientFor("apiserver"), ended.signal);
  startControllers(apiServer, ended.signal);
  const workloads = new Workloads({
    clock,
    random,
    log,
    client: apiServer.clientFor("workloads"),
    kinds: KINDS,
    nodeName: "none",
  });
  await workloads.start();
  const credentials = loadCredentials({ folder, clock, random });
  const front = await startHttpsServer({
    apiServer,
    address: { host: "127.0.0.1", port: 0 },
    credentials,
    clock,
    log,
  });
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, kubeconfigText(front.url, credentials));
  return {
    kubeconfig,
    async stop() {
      await front.close();
      ended.abort();
      await workloads.stop();
      await apiServer.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startControllers(apiServer: ApiServer, signal: AbortSignal): void {
  const informers = new Informers({ client: apiServer.clientFor("informers"), clock, log });
  const config = new ConfigWatch({ informers, choices: CHOICES, log });
  config.start();
  const start = <P extends ParentObject, O>(controller: Controller<P, O, never>) =>
    startReconcileLoop({
      controller: controller as Controller<P, O, unknown>,
      clientFor: (actor) => apiServer.clientFor(actor),
      informers,
      config,
      clock,
      random,
      log,
      signal,
    });
  const resolve = (image: string) => Promise.reject(new Error(`no registry has ${image}`));
  start(serviceController());
  start(configurationController());
  start(revisionController({ resolver: { resolve }, clock, config }));
  start(routeController());
  start(domainMappingController());
  start(labelerController());
  start(serverlessServiceController());
  informers.start(signal);
}

function kubeconfigText(server: string, { token }: Credentials): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: k
  cluster:
    server: ${server}
    insecure-skip-tls-verify: true
contexts:
- name: c
  context:
    cluster: k
    user: u
current-context: c
users:
- name: u
  user:
    token: ${token}
`;
}
