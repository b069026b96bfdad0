import { ALIASES, KINDS } from "../api/kinds.ts";
import type { QueueProxyHost } from "../api/wire/hosting.ts";
import type { StatMessage } from "../api/wire/stat.ts";
import { statusWriters } from "../api/writers.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { CertificateIssuer } from "../control-plane/controllers/certificate/issuer.ts";
import { ApiServer, type ApiServerOptions } from "../embedded/apiserver/api-server.ts";
import { bootstrap } from "../embedded/apiserver/bootstrap.ts";
import { knativeWebhook } from "../embedded/apiserver/knative-webhook.ts";
import type { PodLogs } from "../embedded/apiserver/pod-logs.ts";
import type { PodStreams } from "../embedded/apiserver/pod-streams.ts";
import { SchemaAdmission } from "../embedded/apiserver/schema-admission.ts";
import type { Storage } from "../embedded/apiserver/storage/storage.ts";
import { SystemConfig } from "../embedded/apiserver/system-config.ts";
import type { Addresses } from "../embedded/node/addresses.ts";
import type { Images } from "../embedded/node/images/images.ts";
import { NodeAgent } from "../embedded/node/node-agent.ts";
import type { Runtime } from "../embedded/node/runtime.ts";
import { Workloads } from "../embedded/workloads/workloads.ts";
import type { Network } from "../http/conn.ts";
import type { ComponentTelemetry } from "./component-telemetry.ts";
import { startControllers } from "./controllers.ts";
import { Courtesy } from "./courtesy.ts";
import { embeddedChoices } from "./embedded-choices.ts";
import { type DataPlaneAddresses, publishDataPlane } from "./published-endpoints.ts";
import { ScaleMoments } from "./scale-moments.ts";

/**
 * The control plane wired from its ports: the real ones in `library.ts`, simulated ones in `sim/`. It meets the data
 * plane only through `queueProxies`, the API and stats.
 */
export interface ControlPlanePorts extends Pick<ApiServerOptions, "access" | "descriptions"> {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly network: Network;
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly addresses: Addresses;
  readonly images: Images;
  readonly queueProxies: QueueProxyHost;
  /** Where `kubectl logs` reads, given the agent that knows the pods. */
  readonly logsOf?: (agent: NodeAgent) => PodLogs;
  /** Where `kubectl exec`, `attach` and `port-forward` lead. */
  readonly streamsOf?: (agent: NodeAgent) => PodStreams;
  /** PATH of the programs. */
  readonly path: string;
  /** Signs the gateway's certificates. */
  readonly issuer?: CertificateIssuer;
  /** PEM that pods trust the API by. */
  readonly rootCa?: string;
  /** Absent = nobody is told of metrics, and the log's levels stay. */
  readonly telemetry?: ComponentTelemetry;
}

export interface StopOptions {
  readonly graceMs: number;
  /** Ends the data plane, which must neither miss the pods' end nor see the API go. */
  readonly stopWatchers?: () => Promise<void>;
}

const NODE = { nodeName: "ebb", hostIp: "127.0.0.1" };

export class ControlPlane {
  readonly apiServer: ApiServer;
  /** Takes what activators report. */
  receiveStats: (messages: readonly StatMessage[]) => void = () => {};
  readonly #ports: ControlPlanePorts;
  readonly #ended = new AbortController();
  readonly #config: SystemConfig;
  readonly #agent: NodeAgent;
  readonly #workloads: Workloads;
  readonly #moments: ScaleMoments;
  readonly #courtesy: Courtesy;

  constructor(ports: ControlPlanePorts) {
    this.#ports = ports;
    const { clock, log } = ports;
    this.#config = new SystemConfig(embeddedChoices(), log);
    const webhook = knativeWebhook(() => this.#config.current);
    this.apiServer = new ApiServer({
      ...ports,
      log: log.with({ component: "apiserver" }),
      kinds: KINDS,
      aliases: ALIASES,
      admission: new SchemaAdmission(ports.telemetry?.measured(webhook) ?? webhook),
      writers: statusWriters,
      podLogs: () => ports.logsOf?.(this.#agent),
      podStreams: () => ports.streamsOf?.(this.#agent),
    });
    this.#moments = new ScaleMoments(ports.queueProxies);
    this.#courtesy = new Courtesy(clock);
    const courtesyMs = this.#courtesy.leftMs;
    this.#agent = new NodeAgent({
      ...ports,
      log: log.with({ component: "node" }),
      client: this.apiServer.clientFor("node"),
      tokens: this.apiServer,
      queueProxies: this.#moments,
      ...NODE,
    });
    const client = this.apiServer.clientFor("workloads");
    this.#workloads = new Workloads({ ...ports, client, kinds: KINDS, nodeName: NODE.nodeName, courtesyMs });
  }

  /** From here on the API answers; nothing acts on its objects yet. */
  async startApi(): Promise<void> {
    await this.apiServer.start();
  }

  /** Makes what a first start needs and sets everything to work. */
  async startActing(addresses: DataPlaneAddresses): Promise<void> {
    const { signal } = this.#ended;
    const gatewayPorts = { http: addresses.gateway.port, https: addresses.gatewayTls?.port };
    await bootstrap({ ...this.#ports, client: this.apiServer.clientFor("bootstrap"), gatewayPorts });
    await Promise.all([
      this.#config.follow(this.apiServer.clientFor("apiserver"), signal),
      publishDataPlane(this.apiServer.clientFor("bootstrap"), addresses),
    ]);
    const { receive } = startControllers({
      ...this.#ports,
      clientFor: (actor) => this.apiServer.clientFor(actor),
      choices: embeddedChoices(),
      urlPorts: gatewayPorts,
      courtesyMs: this.#courtesy.leftMs,
      onScale: (scale) => {
        if (scale.to > scale.from) this.#courtesy.begin();
        this.#moments.scaled(scale);
      },
      signal,
    });
    this.receiveStats = receive;
    await Promise.all([this.#workloads.start(), this.#agent.start()]);
  }

  /** Stops the pods within `graceMs`, then what watches from outside, then everything else. Objects stay. */
  async stop({ graceMs, stopWatchers }: StopOptions): Promise<void> {
    await this.#agent.stop({ graceMs });
    await stopWatchers?.();
    this.#ended.abort();
    await this.#workloads.stop();
    await this.apiServer.stop();
  }
}
