import { KINDS } from "../api/kinds.ts";
import type { StatMessage } from "../api/wire/stat.ts";
import { systemClock as clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { systemRandom as random } from "../base/random.ts";
import { loadCredentials } from "../embedded/apiserver/credentials.ts";
import { SqliteStorage } from "../embedded/apiserver/storage/sqlite-storage.ts";
import type { Storage } from "../embedded/apiserver/storage/storage.ts";
import { ServingAuthority } from "../embedded/authority/serving-authority.ts";
import type { Home } from "../embedded/home/home.ts";
import type { LoopbackAddresses } from "../embedded/node/addresses.ts";
import type { ImageStore } from "../embedded/node/images/image-store.ts";
import { ProcessLogs } from "../embedded/node/logs.ts";
import { ProcessStreams } from "../embedded/node/pod-streams.ts";
import type { ProcessRuntime } from "../embedded/node/runtimes/process/process-runtime.ts";
import { systemNetwork } from "../http/network.ts";
import { serveKube } from "../kube/link-server.ts";
import { ComponentTelemetry } from "./component-telemetry.ts";
import { ControlPlane } from "./control-plane.ts";
import { STATS } from "./data-plane-messages.ts";
import type { DataPlanes } from "./data-planes.ts";
import { readDescriptions } from "./descriptions.ts";
import type { LogLevels } from "./log-levels.ts";

export interface EngineParts {
  readonly home: Home;
  readonly storage: Storage;
  readonly log: Log;
  readonly runtime: ProcessRuntime;
  readonly addresses: LoopbackAddresses;
  readonly images: ImageStore;
  readonly dataPlanes: DataPlanes;
  readonly levels: LogLevels;
}

/** Being opened already, which the API's start awaits: its thread loads its code meanwhile. */
export function openStorage(home: Home): { storage: SqliteStorage; failed: Promise<Error> } {
  const storage = new SqliteStorage({ path: home.database });
  const failed = new Promise<Error>((resolve) => storage.onFailure(resolve));
  storage.start().catch(() => {});
  return { storage, failed };
}

/** The control plane on this machine's disk, programs and addresses, joined to the data plane by links. */
export function wireControlPlane({ home, dataPlanes, levels, ...parts }: EngineParts) {
  const network = systemNetwork(clock);
  const {
    token: adminToken,
    tokenKey,
    caCertificate: rootCa,
  } = loadCredentials({ folder: home.credentials, clock, random });
  const controlPlane = new ControlPlane({
    ...parts,
    clock,
    random,
    network,
    queueProxies: dataPlanes.queueProxies,
    logsOf: (agent) => new ProcessLogs({ pods: home.pods, agent, clock, times: parts.runtime.logTimes }),
    streamsOf: (agent) => new ProcessStreams({ agent, runtime: parts.runtime }),
    access: { adminToken, tokenKey },
    rootCa,
    descriptions: readDescriptions,
    issuer: new ServingAuthority({ folder: home.credentials, path: home.authority, clock, random }),
    telemetry: new ComponentTelemetry({ ...parts, clock, network, env: process.env, levels, dataPlanes }),
    path: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
  });
  const clientFor = (actor: string) => controlPlane.apiServer.clientFor(actor);
  dataPlanes.onLink((link) => {
    serveKube({ link, clientFor, kinds: KINDS });
    link.listen(STATS, (messages) => controlPlane.receiveStats(messages as StatMessage[]));
  });
  return controlPlane;
}
