import { systemClock } from "../../src/base/clock.ts";
import { type Log, silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import type { ApiServer } from "../../src/embedded/apiserver/api-server.ts";
import { type Credentials, loadCredentials } from "../../src/embedded/apiserver/credentials.ts";
import {
  type Patience,
  type RunningHttpsServer,
  startHttpsServer,
} from "../../src/embedded/apiserver/https-server.ts";

/** An API server on a free port of this machine, as its clients meet it. */
export interface HttpsApi {
  readonly front: RunningHttpsServer;
  readonly credentials: Credentials;
}

export interface HttpsApiOptions {
  readonly apiServer: ApiServer;
  /** Where the credentials are kept. */
  readonly folder: string;
  readonly log?: Log;
  readonly patience?: Patience;
}

/** Starts the API server, and HTTPS in front of it. */
export async function startHttpsApi(options: HttpsApiOptions): Promise<HttpsApi> {
  const { apiServer, folder, log = silentLog, ...more } = options;
  const ports = { clock: systemClock, random: systemRandom, log };
  await apiServer.start();
  const credentials = loadCredentials({ folder, ...ports });
  const address = { host: "127.0.0.1", port: 0 };
  const front = await startHttpsServer({ apiServer, address, credentials, ...ports, ...more });
  return { front, credentials };
}
