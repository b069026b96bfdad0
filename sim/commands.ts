import { ConfigMapKind } from "../src/api/config-map/kind.ts";
import { DeploymentKind } from "../src/api/deployment/kind.ts";
import { PodKind } from "../src/api/pod/kind.ts";
import type { Resource } from "../src/api/resource.ts";
import { type Service, ServiceKind } from "../src/api/service/kind.ts";
import type { Address } from "../src/http/conn.ts";
import type { AppPlan } from "./app.ts";
import { Clients } from "./clients.ts";
import type { LinkFaults } from "./network.ts";
import { durationMs, type Step } from "./scenario.ts";
import { SIM_IMAGE, type World } from "./world.ts";

/** What the verbs of a scenario do. A step that comes out otherwise than it says throws StepFailed. */
export class StepFailed extends Error {}

/** A running scenario. */
export class Stage {
  readonly world: World;
  readonly clients: Clients;
  /** containerConcurrency by service. */
  readonly concurrency: Record<string, number> = {};
  /** Pods' addresses that have faults. */
  readonly troubled: Address[] = [];

  constructor(world: World) {
    this.world = world;
    this.clients = new Clients(world);
  }

  async perform(step: Step): Promise<void> {
    const command = COMMANDS[step.verb];
    if (!command) throw new Error(`line ${step.line}: no such verb: ${step.verb}`);
    await command(this, step);
  }

  plan(service: string | undefined): AppPlan {
    const plan = this.world.plans.get(service ?? "");
    if (!plan) throw new Error(`no such service: ${service}`);
    return plan;
  }
}

const POLL_MS = 100;

type Command = (stage: Stage, step: Step) => Promise<void>;

const COMMANDS: Readonly<Record<string, Command>> = {
  /** `service NAME concurrency= start= warm= serve= timeout= burst-capacity= scale=` applies a Knative Service. */
  async service(stage, { words: [name = ""], options }) {
    await apply(stage, [name], options);
  },

  /** `crowd NAME count=` applies as many Services at once, as a script does: NAME-1, NAME-2, … */
  async crowd(stage, { words: [name], options }) {
    const count = Number(options.count);
    await apply(
      stage,
      Array.from({ length: count }, (_, index) => `${name}-${index + 1}`),
      options,
    );
  },

  /** `update NAME` changes the template: a new revision takes over. */
  async update({ world }, { words: [name = ""] }) {
    const annotations = { "simulation/changed-at": String(world.clock.monotonic()) };
    const body = { spec: { template: { metadata: { annotations } } } };
    const key = { namespace: "default", name };
    await world.clock.until(world.client().patch(ServiceKind, key, { type: "merge", body }));
  },

  /** `secure` gives every public host a certificate of its own. */
  async secure({ world }) {
    const key = { namespace: "knative-serving", name: "config-network" };
    const body = { data: { "external-domain-tls": "enabled" } };
    await world.clock.until(world.client().patch(ConfigMapKind, key, { type: "merge", body }));
  },

  async delete({ world }, { words: [name = ""] }) {
    await world.clock.until(world.client().delete(ServiceKind, { namespace: "default", name }));
  },

  /** `wait ready|secured|failed|zero|answered NAME within=` */
  async wait(stage, { line, words: [what = "", service = ""], options }) {
    const holds = CONDITIONS[what];
    if (!holds) throw new Error(`line ${line}: cannot wait for ${what}`);
    const limitMs = durationMs(options.within ?? "60s");
    const { clock } = stage.world;
    const untilMs = clock.monotonic() + limitMs;
    while (!(await clock.until(holds(stage, service)))) {
      if (clock.monotonic() >= untilMs)
        throw new StepFailed(`line ${line}: ${service} was not ${what} within ${limitMs} ms`);
      await clock.advance(POLL_MS);
    }
  },

  /** `request NAME count= every= serve= leave=` sends without waiting for answers. */
  async request({ world, clients }, { words: [service = ""], options }) {
    const count = Number(options.count ?? 1);
    const { serve, leave } = options;
    for (let index = 0; index < count; index++) {
      clients.send(service, {
        ...(serve !== undefined && { serveMs: durationMs(serve) }),
        ...(leave !== undefined && { leaveMs: durationMs(leave) }),
      });
      if (index < count - 1) await world.clock.advance(durationMs(options.every ?? "10ms"));
    }
  },

  /** `crash NAME` ends the lives that run; with `at= times=` the next lives end so long after their start. */
  async crash(stage, { words: [service], options }) {
    const plan = stage.plan(service);
    if (options.at === undefined) {
      for (const app of stage.world.apps) if (app.service === service) app.crash();
      return;
    }
    plan.crashAtMs = durationMs(options.at);
    plan.crashes = Number(options.times ?? 1);
  },

  /** `calm NAME`: no life that begins from now on ends by itself. */
  async calm(stage, { words: [service] }) {
    stage.plan(service).crashes = 0;
  },

  /** `mute NAME`: lives that begin from now on never open their port. */
  async mute(stage, { words: [service] }) {
    stage.plan(service).muted = true;
  },

  /**
   * `network app|pods NAME …` or `network gateway …`: what goes wrong from now on on the way to the applications of a
   * service, to the queue-proxies of its pods, or from the clients: `delay=` (up to so long, each segment anew),
   * `reset=` (chance of each segment), `segment=` (bytes at most), `hole`, `refuse`, `cut` (open connections are reset
   * now). Nothing named = all is well again.
   */
  async network(stage, { words: [target, ...words], options }) {
    const { world } = stage;
    const isGateway = target === "gateway";
    const service = isGateway ? "" : words[0];
    const faults = faultsOf(isGateway ? words : words.slice(1), options);
    const isCut = words.includes("cut");
    if (target === "app") {
      stage.plan(service).faults = faults;
      for (const app of world.apps.filter((one) => one.service === service)) {
        app.faultsChanged();
        if (isCut) app.cutOff();
      }
      return;
    }
    const addresses = isGateway ? [world.gateway] : await podAddresses(world, service ?? "");
    // An address may have gone to another pod since.
    if (!isGateway) for (const address of stage.troubled.splice(0)) world.network.setFaults(address, {});
    if (!isGateway) stage.troubled.push(...addresses);
    for (const address of addresses) {
      world.network.setFaults(address, faults);
      if (isCut) world.network.cut(address);
    }
  },

  /** `restart after=`: the engine is killed, and started again after that time. */
  async restart({ world }, { options }) {
    await world.restart(durationMs(options.after ?? "100ms"));
  },

  /** `replace`: another data-plane process takes over; waits until the one before has ended. */
  async replace({ world }) {
    while (!(await world.replaceDataPlane())) await world.clock.advance(POLL_MS);
  },

  async sleep({ world }, { words: [duration = ""] }) {
    await world.clock.advance(durationMs(duration));
  },

  /**
   * `expect NAME answered=COUNT status=200`; a status may be 5xx, several are joined by `|`; `left` = the client
   * got no answer. With `last=COUNT` only the last so many are judged.
   */
  async expect({ clients }, { line, words: [service = ""], options }) {
    const statuses = clients.statuses(service);
    const answered = Number(options.answered ?? statuses.length);
    if (statuses.length !== answered)
      throw new StepFailed(`line ${line}: ${statuses.length} requests are over, want ${answered}`);
    const allowed = (options.status ?? "200").split("|");
    const others = statuses
      .slice(-Number(options.last ?? 0))
      .filter((status) => !allowed.some((pattern) => fits(status, pattern)));
    if (others.length > 0)
      throw new StepFailed(`line ${line}: want status ${options.status}, got ${others.join(", ")}`);
  },
};

function faultsOf(words: readonly string[], options: Step["options"]): Partial<LinkFaults> {
  const { delay, reset, segment } = options;
  return {
    ...(delay !== undefined && { delayMs: [0.05, durationMs(delay)] as const }),
    ...(reset !== undefined && { resetChance: Number(reset) }),
    ...(segment !== undefined && { segmentBytesMax: Number(segment) }),
    ...(words.includes("hole") && { blackHole: true }),
    ...(words.includes("refuse") && { refuse: true }),
  };
}

const QUEUE_PROXY_PORTS = [8012, 8022, 9090];

async function podAddresses(world: World, service: string): Promise<Address[]> {
  const labelSelector = `serving.knative.dev/service=${service}`;
  const { items } = await world.clock.until(
    world.client().list(PodKind, { namespace: "default", labelSelector }),
  );
  return items.flatMap(({ status }) =>
    status?.podIP === undefined ? [] : QUEUE_PROXY_PORTS.map((port) => ({ ip: `${status.podIP}`, port })),
  );
}

async function apply(
  { world, concurrency }: Stage,
  names: readonly string[],
  options: Step["options"],
): Promise<void> {
  for (const service of names) {
    world.plans.set(service, {
      service,
      startMs: durationMs(options.start ?? "50ms"),
      warmMs: durationMs(options.warm ?? "30ms"),
      serveMs: durationMs(options.serve ?? "20ms"),
      crashes: 0,
      crashAtMs: 0,
      muted: false,
      faults: {},
    });
    concurrency[service] = Number(options.concurrency ?? 0);
  }
  const created = names.map((name) => world.client().create(ServiceKind, manifest(name, options)));
  await world.clock.until(Promise.all(created));
}

const CONDITIONS: Readonly<Record<string, (stage: Stage, service: string) => Promise<boolean>>> = {
  async ready({ world }, service) {
    const found = await world.client().get(ServiceKind, { namespace: "default", name: service });
    return conditionOf(found, "Ready") === "True";
  },

  async secured({ world }, service) {
    const found = await world.client().get(ServiceKind, { namespace: "default", name: service });
    return conditionOf(found, "Ready") === "True" && found.status?.url?.startsWith("https:") === true;
  },

  async failed({ world }, service) {
    const found = await world.client().get(ServiceKind, { namespace: "default", name: service });
    return conditionOf(found, "Ready") === "False";
  },

  /** No process is alive, no Pod is left and none is wanted. */
  async zero({ world }, service) {
    if (world.apps.some((app) => app.service === service && !app.isOver)) return false;
    const labelSelector = `serving.knative.dev/service=${service}`;
    const pods = await world.client().list(PodKind, { namespace: "default", labelSelector });
    const deployments = await world.client().list(DeploymentKind, { namespace: "default", labelSelector });
    return pods.items.length === 0 && deployments.items.every(({ spec }) => spec.replicas === 0);
  },

  async answered({ clients }, service) {
    return clients.open(service) === 0;
  },
};

export function conditionOf(object: Resource<unknown, { conditions?: Condition[] }>, type: string) {
  return object.status?.conditions?.find((condition) => condition.type === type)?.status;
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

function fits(status: number, pattern: string): boolean {
  const text = status === 0 ? "left" : String(status);
  return text.length === pattern.length && [...pattern].every((c, index) => c === "x" || c === text[index]);
}

const ANNOTATIONS = [
  ["burst-capacity", "target-burst-capacity"],
  ["scale", "initial-scale"],
] as const;

function manifest(name: string, options: Step["options"]): Service {
  const timeoutSeconds = options.timeout === undefined ? undefined : durationMs(options.timeout) / 1_000;
  const annotations: Record<string, string> = {};
  for (const [option, annotation] of ANNOTATIONS) {
    const value = options[option];
    if (value !== undefined) annotations[`autoscaling.knative.dev/${annotation}`] = value;
  }
  return {
    metadata: { name, namespace: "default" },
    spec: {
      template: {
        metadata: { annotations },
        spec: {
          containerConcurrency: Number(options.concurrency ?? 0),
          ...(timeoutSeconds !== undefined && {
            timeoutSeconds,
            responseStartTimeoutSeconds: timeoutSeconds,
          }),
          containers: [
            { name: "user-container", image: SIM_IMAGE, readinessProbe: { httpGet: { path: "/healthz" } } },
          ],
        },
      },
    },
  };
}
