import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { TestContext } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { LoneQueueProxy, type LoneQueueProxyOptions } from "../../src/data-plane/queue-proxy/lone.ts";
import { systemNetwork } from "../../src/http/network.ts";
import { nextLoopbackAddress } from "./loopback-address.ts";
import { BASE_ENV } from "./queue-proxy-env.ts";

/** A queue-proxy program and its application on loopback sockets, on an address of their own, for one test. */

export interface StartedQueueProxy {
  readonly ip: string;
  readonly proxy: LoneQueueProxy;
  /** Each code with which it wanted to end. */
  readonly exits: readonly number[];
  /** The first of them. */
  readonly exited: Promise<number>;
}

/** Without an `application` none listens yet. */
export async function startLoneQueueProxy(
  context: TestContext,
  application: RequestListener | undefined,
  options: Partial<LoneQueueProxyOptions> = {},
): Promise<StartedQueueProxy> {
  const ip = nextLoopbackAddress();
  const server = createServer(application);
  if (application) await new Promise<void>((resolve) => server.listen(8080, ip, resolve));
  const exits: number[] = [];
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const proxy = new LoneQueueProxy({
    clock: systemClock,
    random: systemRandom,
    network: systemNetwork(systemClock),
    log: silentLog,
    ip,
    applicationIp: ip,
    readFile: (path) => readFileSync(path, "utf8"),
    writeLine: () => {},
    exit(code) {
      exits.push(code);
      resolve(code);
    },
    ...options,
    env: { ...BASE_ENV, ...options.env },
  });
  await proxy.start();
  context.after(async () => {
    await proxy.close();
    server.closeAllConnections();
    server.close();
  });
  return { ip, proxy, exits, exited };
}
