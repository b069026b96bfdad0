import { systemClock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { systemRandom } from "../base/random.ts";
import { systemNetwork } from "../http/network.ts";
import { LinkClients } from "../kube/link-client.ts";
import { DataPlane } from "./data-plane.ts";
import {
  BOUND,
  type Bound,
  DRAIN,
  DRAINED,
  SERVING,
  START,
  STATS,
  type Start,
  TIMELINES,
} from "./data-plane-messages.ts";
import { serveHosting } from "./hosting-link.ts";
import { pinoLog } from "./pino-log.ts";
import { processLink } from "./process-link.ts";
import { SliceWatchdog } from "./slice-watchdog.ts";

/** The data-plane process: started by the control plane, told by its link, ended with it. */

const link = processLink(process);
link.onClosed(() => process.exit(0));
// Ctrl-C reaches the whole process group; the control plane says when to go.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

link.listen(START, (message) => void run(message as Start));

async function run({ httpPort, activatorIp, logLevel }: Start): Promise<void> {
  const clients = new LinkClients(link);
  const log = pinoLog("data-plane", logLevel);
  const dataPlane = new DataPlane({
    clock: systemClock,
    random: systemRandom,
    log,
    network: systemNetwork(systemClock),
    gateway: { ip: "127.0.0.1", port: httpPort },
    activatorIp,
    clientFor: (actor) => clients.clientFor(actor),
    report: (messages) => link.send(STATS, messages),
    onTimeline: (timeline) => link.send(TIMELINES, timeline),
  });
  serveHosting(link, dataPlane.queueProxies);
  link.listen(DRAIN, () => void dataPlane.drain().then(() => link.send(DRAINED, null)));
  try {
    link.send(BOUND, { addresses: await dataPlane.bind() } satisfies Bound);
  } catch (thrown) {
    const code = String((thrown as NodeJS.ErrnoException).code ?? "internal");
    link.send(BOUND, { failure: { code, message: messageOf(thrown) } } satisfies Bound);
    return;
  }
  await dataPlane.serve();
  new SliceWatchdog({ clock: systemClock, log }).start();
  link.send(SERVING, null);
}
