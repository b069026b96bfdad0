import { defaultConfig } from "../../../src/api/config/config.ts";
import type { Kind } from "../../../src/api/kind.ts";
import { KINDS } from "../../../src/api/kinds.ts";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { ApiServer } from "../../../src/embedded/apiserver/api-server.ts";
import { knativeWebhook } from "../../../src/embedded/apiserver/knative-webhook.ts";
import { SchemaAdmission } from "../../../src/embedded/apiserver/schema-admission.ts";
import { MemoryStorage } from "../../../src/embedded/apiserver/storage/memory-storage.ts";
import { Workloads } from "../../../src/embedded/workloads/workloads.ts";

const config = defaultConfig();

export interface GoldenServer {
  readonly apiServer: ApiServer;
  stop(): Promise<void>;
}

/**
 * A fresh API server, with the controllers of a cluster's controller manager, for one scenario. Its storage was
 * compacted, as the recorded server's was.
 */
export async function freshServer(): Promise<GoldenServer> {
  const storage = new MemoryStorage();
  const kinds: readonly Kind[] = KINDS;
  const admission = new SchemaAdmission(knativeWebhook(() => config));
  // One second all through: managedFields are in the order of their seconds, and the recorded ones fell into one.
  const started = systemClock.wall();
  const clock: Clock = { ...systemClock, wall: () => started };
  const common = { clock, random: systemRandom, log: silentLog };
  const apiServer = new ApiServer({ ...common, storage, kinds, admission });
  await apiServer.start();
  const client = apiServer.clientFor("bootstrap");
  const namespaceKind = kinds.find((kind) => kind.group === "" && kind.plural === "namespaces");
  if (namespaceKind)
    for (const name of ["default", "kube-system", "knative-serving"])
      await client.create(namespaceKind, { metadata: { name } });
  await storage.compact(storage.sequenced);
  const workloads = new Workloads({
    ...common,
    client: apiServer.clientFor("workloads"),
    kinds,
    nodeName: "none",
  });
  await workloads.start();
  const stop = async () => {
    await workloads.stop();
    await apiServer.stop();
  };
  return { apiServer, stop };
}
