import { VirtualClock } from "../../sim/virtual-clock.ts";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import { CoreServiceKind } from "../../src/api/core-service/kind.ts";
import { DeploymentKind } from "../../src/api/deployment/kind.ts";
import { EndpointSliceKind } from "../../src/api/endpoint-slice/kind.ts";
import { EndpointsKind } from "../../src/api/endpoints/kind.ts";
import { HorizontalPodAutoscalerKind } from "../../src/api/horizontal-pod-autoscaler/kind.ts";
import type { Kind } from "../../src/api/kind.ts";
import { NamespaceKind } from "../../src/api/namespace/kind.ts";
import { PodKind } from "../../src/api/pod/kind.ts";
import { ReplicaSetKind } from "../../src/api/replica-set/kind.ts";
import { ResourceQuotaKind } from "../../src/api/resource-quota/kind.ts";
import { ServiceAccountKind } from "../../src/api/service-account/kind.ts";
import type { HostedPod, QueueProxyHost } from "../../src/api/wire/hosting.ts";
import { silentLog } from "../../src/base/log.ts";
import { seededRandom } from "../../src/base/random.ts";
import { ApiServer } from "../../src/embedded/apiserver/api-server.ts";
import { MemoryStorage } from "../../src/embedded/apiserver/storage/memory-storage.ts";
import { NodeAgent } from "../../src/embedded/node/node-agent.ts";
import { Workloads } from "../../src/embedded/workloads/workloads.ts";
import type { Conn, Network } from "../../src/http/conn.ts";
import { MemoryAddresses, MemoryImages, MemoryRuntime } from "./memory-node.ts";

/** The embedded home without a disk, a process or a socket, on virtual time: API server, workloads and node. */
const WORKLOAD_KINDS: readonly Kind[] = [
  NamespaceKind,
  ConfigMapKind,
  PodKind,
  ReplicaSetKind,
  ServiceAccountKind,
  ResourceQuotaKind,
  DeploymentKind,
  CoreServiceKind,
  EndpointsKind,
  EndpointSliceKind,
  HorizontalPodAutoscalerKind,
] as readonly Kind[];

/** Records what the node asks of the data plane, and answers at once. */
class RecordingHost implements QueueProxyHost {
  readonly calls: string[] = [];
  readonly hosted = new Map<string, HostedPod>();
  drainMs = 0;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  async host(pod: HostedPod): Promise<void> {
    this.calls.push(`host ${pod.name}`);
    this.hosted.set(pod.uid, pod);
  }

  async drain(podUid: string): Promise<void> {
    this.calls.push(`drain ${this.hosted.get(podUid)?.name}`);
    await new Promise<void>((resolve) => this.#clock.schedule(this.drainMs, resolve));
  }

  async restarting(podUid: string): Promise<void> {
    this.calls.push(`restarting ${this.hosted.get(podUid)?.name}`);
  }

  async remove(podUid: string): Promise<void> {
    this.calls.push(`remove ${this.hosted.get(podUid)?.name}`);
    this.hosted.delete(podUid);
  }

  moment(): void {}
}

/** Answers every HTTP request on a hosted pod's address with what `answers` says: 200 or 503. */
class ProbeNetwork implements Network {
  readonly #answer: (address: { ip: string; port: number }) => number;

  constructor(answer: (address: { ip: string; port: number }) => number) {
    this.#answer = answer;
  }

  async listen(): Promise<never> {
    throw new Error("nobody listens in this world");
  }

  async connect(address: { ip: string; port: number }): Promise<Conn> {
    const status = this.#answer(address);
    if (status === 0) throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    let handler: Parameters<Conn["setHandler"]>[0] | undefined;
    return {
      remoteAddress: address.ip,
      localAddress: "127.0.0.1",
      setHandler: (given) => {
        handler = given;
      },
      write: () => {
        const reason = status === 200 ? "OK" : "Service Unavailable";
        const text = `HTTP/1.1 ${status} ${reason}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`;
        queueMicrotask(() => handler?.data(Buffer.from(text)));
        return true;
      },
      end() {},
      reset: () => handler?.closed(),
      pause() {},
      resume() {},
    };
  }
}

export async function embeddedWorld(
  options: { images?: Record<string, string[]>; kinds?: readonly Kind[] } = {},
) {
  const clock = new VirtualClock();
  const random = seededRandom(7);
  const kinds = options.kinds ?? WORKLOAD_KINDS;
  const server = new ApiServer({
    freezesObjects: true,
    clock,
    random,
    log: silentLog,
    storage: new MemoryStorage(),
    kinds,
  });
  await clock.until(server.start());
  const client = server.clientFor("tester");
  for (const name of ["default", "other"])
    await client.create(NamespaceKind, { metadata: { name }, spec: { finalizers: ["kubernetes"] } });
  const runtime = new MemoryRuntime({ clock });
  const host = new RecordingHost(clock);
  const probe = { answer: (_: { ip: string; port: number }) => 200 };
  const newAgent = () =>
    new NodeAgent({
      clock,
      log: silentLog,
      client: server.clientFor("node"),
      runtime,
      images: new MemoryImages(options.images ?? { "hello:latest": ["hello"] }),
      addresses: new MemoryAddresses(),
      network: new ProbeNetwork((address) => probe.answer(address)),
      queueProxies: host,
      nodeName: "ebb",
      hostIp: "127.0.0.1",
      path: "/usr/bin:/bin",
    });
  const workloads = new Workloads({
    client: server.clientFor("workloads"),
    clock,
    random,
    log: silentLog,
    kinds,
    nodeName: "ebb",
  });
  await clock.until(workloads.start());
  return { clock, server, client, runtime, host, probe, newAgent, workloads };
}
