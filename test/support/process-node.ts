import { mkdtempSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { KINDS } from "../../src/api/kinds.ts";
import { NamespaceKind } from "../../src/api/namespace/kind.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { ApiServer } from "../../src/embedded/apiserver/api-server.ts";
import { MemoryStorage } from "../../src/embedded/apiserver/storage/memory-storage.ts";
import { LoopbackAddresses } from "../../src/embedded/node/addresses.ts";
import { ImageStore } from "../../src/embedded/node/images/image-store.ts";
import { NodeAgent } from "../../src/embedded/node/node-agent.ts";
import type { NodePorts } from "../../src/embedded/node/pod-worker.ts";
import { ProcessRuntime } from "../../src/embedded/node/runtimes/process/process-runtime.ts";
import { systemNetwork } from "../../src/http/network.ts";
import type { KubeClient } from "../../src/kube/client.ts";

/** A node agent with real processes, files, addresses and sockets, beside an API server in memory. */

/** The pod of the tests. */
export const APP = { namespace: "default", name: "app" };

export interface ProcessNode {
  readonly server: ApiServer;
  readonly client: KubeClient;
  /** The folder of all pods. */
  readonly pods: string;
  newAgent(ports?: Partial<NodePorts>): NodeAgent;
}

export interface ProcessNodeOptions {
  readonly folder: string;
  /** Third byte of the pods' addresses; the one after it is used as well. Test files run side by side. */
  readonly block: number;
  /** The program of the image `app`, for Node. */
  readonly source?: string;
}

export async function processNode(options: ProcessNodeOptions): Promise<ProcessNode> {
  const { folder, block, source = "" } = options;
  const home = mkdtempSync(join(folder, "home-"));
  const pods = join(home, "pods");
  const ports = { clock: systemClock, log: silentLog };
  const server = new ApiServer({
    ...ports,
    random: systemRandom,
    storage: new MemoryStorage(),
    kinds: KINDS,
  });
  await server.start();
  const client = server.clientFor("tester");
  await client.create(NamespaceKind, { metadata: { name: "default" }, spec: {} });
  const images = new ImageStore({ folder: join(home, "images"), clock: systemClock, random: systemRandom });
  const program = mkdtempSync(join(folder, "app-"));
  writeFileSync(join(program, "app.cjs"), source);
  await images.add("app", program, { command: ["node", "app.cjs"] });
  const newAgent = (more: Partial<NodePorts> = {}) =>
    new NodeAgent({
      ...ports,
      client: server.clientFor("node"),
      runtime: new ProcessRuntime({ ...ports, pods }),
      images,
      addresses: new LoopbackAddresses({
        random: systemRandom,
        blocks: [{ second: 98, third: block }],
        lease: async () => ({ second: 98, third: block + 1 }),
      }),
      network: systemNetwork(systemClock),
      queueProxies: {
        host: async () => {},
        drain: async () => {},
        restarting: async () => {},
        remove: async () => {},
        moment() {},
      },
      nodeName: "ebb",
      hostIp: "127.0.0.1",
      path: `${dirname(process.execPath)}:/usr/bin:/bin`,
      ...more,
    });
  return { server, client, pods, newAgent };
}
