import { systemClock as clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { systemRandom as random } from "../base/random.ts";
import type { ApiServer } from "../embedded/apiserver/api-server.ts";
import { loadCredentials, writeKubeconfig } from "../embedded/apiserver/credentials.ts";
import { startHttpsServer } from "../embedded/apiserver/https-server.ts";
import type { Home } from "../embedded/home/home.ts";

export interface FrontOptions {
  readonly apiServer: ApiServer;
  readonly home: Home;
  readonly log: Log;
  /** 0 = any free one. */
  readonly port: number;
}

/** HTTPS for kubectl, and the kubeconfig that leads there. Rejects with one sentence when the port cannot be had. */
export async function startFront(options: FrontOptions) {
  const { apiServer, home, log, port } = options;
  const credentials = loadCredentials({ folder: home.credentials, clock, random });
  const address = { host: "127.0.0.1", port };
  const front = await startHttpsServer({ apiServer, address, credentials, log, clock });
  writeKubeconfig({ path: home.kubeconfig, url: front.url, credentials });
  return front;
}
