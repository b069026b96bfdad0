import { systemClock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Attributes } from "../base/metrics.ts";
import { systemRandom } from "../base/random.ts";
import { ActivatorTelemetry } from "../data-plane/activator/telemetry.ts";
import { systemNetwork } from "../http/network.ts";
import { PassingNetwork } from "../http/passing-network.ts";
import { LinkClients } from "../kube/link-client.ts";
import { componentResource } from "./component-resource.ts";
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
import { serveTelemetry } from "./data-plane-telemetry.ts";
import { giveAway, takeOver } from "./hand-over.ts";
import { serveHosting } from "./hosting-link.ts";
import { keepCompiled } from "./keep-compiled.ts";
import { LineWriter } from "./line-writer.ts";
import { giveMemoryBack, MemoryReturn, processLoad } from "./memory-return.ts";
import { packageVersion } from "./package-version.ts";
import { EngineLogs } from "./pino-log.ts";
import { processLink } from "./process-link.ts";
import { SliceWatchdog } from "./slice-watchdog.ts";

/** The data-plane process: started by the control plane, told by its link, ended with it. */

const link = processLink(process);
link.onClosed(() => process.exit(0));
// Ctrl-C reaches the whole process group; the control plane says when to go.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

// stdout is the command's: the activator's request log goes where the engine's own log goes.
const lines = new LineWriter(systemClock, (text) => void process.stderr.write(text));
process.on("exit", lines.flush);

link.listen(START, (message) => void run(message as Start));

async function run(start: Start): Promise<void> {
  const logs = new EngineLogs(start.logLevel);
  const log = logs.of("data-plane");
  const network = new PassingNetwork(systemNetwork(systemClock));
  const resource = componentResource("activator", packageVersion(), start.activatorName);
  const dataPlane = wire(start, { log, network, resource });
  serveTelemetry(link, { activator: dataPlane.activator, levels: logs.levels, resource });
  serveHosting(link, dataPlane.queueProxies);
  link.listen(DRAIN, () => void dataPlane.drain().then(() => link.send(DRAINED, null)));
  const parts = { link, dataPlane, network };
  void giveAway(parts).then(() => process.exit(0));
  if (start.successorOf) {
    const taken = takeOver(parts);
    await dataPlane.serve();
    link.send(SERVING, null);
    await taken;
    await bind(dataPlane);
    network.dropUnclaimed();
  } else if (await bind(dataPlane)) {
    await dataPlane.serve();
    link.send(SERVING, null);
  }
  keepCompiled();
  new SliceWatchdog({ clock: systemClock, log }).start();
  const [clock, load] = [systemClock, processLoad(systemClock)];
  new MemoryReturn({ clock, log, load, giveBack: () => giveMemoryBack(clock) }).start();
}

function wire(
  { httpPort, httpsPorts, activatorIp, activatorName, successorOf }: Start,
  parts: { log: Log; network: PassingNetwork; resource: Attributes },
) {
  const ports = { ...parts, clock: systemClock, random: systemRandom };
  const clients = new LinkClients(link);
  return new DataPlane({
    ...ports,
    telemetry: new ActivatorTelemetry({ ...ports, writeLine: lines.add }),
    gateway: successorOf?.gateway ?? { ip: "127.0.0.1", port: httpPort },
    gatewayInternalPort: successorOf?.gatewayInternal.port ?? 0,
    https: {
      outside: successorOf?.gatewayTls ? [successorOf.gatewayTls.port] : httpsPorts,
      inside: successorOf?.gatewayInternalTls?.port ?? 0,
    },
    activatorIp,
    activatorName,
    clientFor: (actor) => clients.clientFor(actor),
    report: (messages) => link.send(STATS, messages),
    onTimeline: (timeline) => link.send(TIMELINES, timeline),
  });
}

/** Takes the ports and tells which, or why there are none. */
async function bind(dataPlane: DataPlane): Promise<boolean> {
  try {
    link.send(BOUND, { addresses: await dataPlane.bind() } satisfies Bound);
    return true;
  } catch (thrown) {
    const code = String((thrown as NodeJS.ErrnoException).code ?? "internal");
    link.send(BOUND, { failure: { code, message: messageOf(thrown) } } satisfies Bound);
    return false;
  }
}
