import type { Container } from "../../api/container.ts";
import { type Pod, PodKind } from "../../api/pod/kind.ts";
import { isOver } from "../../api/pod/phase.ts";
import { isApiError } from "../../api/status.ts";
import type { QueueProxyHost } from "../../api/wire/hosting.ts";
import { type Clock, sleep, type Timer } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Address, Network } from "../../http/conn.ts";
import type { KubeClient } from "../../kube/client.ts";
import { semanticallyEqual } from "../../kube/semantic.ts";
import type { Addresses } from "./addresses.ts";
import { ContainerStarts } from "./container-starts.ts";
import type { PodFacts } from "./downward.ts";
import { StartError } from "./errors.ts";
import type { Images } from "./images/images.ts";
import { EnvError } from "./pod-data.ts";
import {
  type Effect,
  isQueueProxy,
  type Now,
  newPod,
  type PodEvent,
  type PodState,
  step,
  wakeAtMs,
} from "./pod-lifecycle.ts";
import { PodPorts, PROGRAM_IP } from "./pod-ports.ts";
import { podStatus } from "./pod-status.ts";
import { runProbe } from "./probe-run.ts";
import type { ContainerStart, Exit, PodRecord, RunId, Runtime } from "./runtime.ts";
import { StatusWriter } from "./status-writer.ts";
import type { DataWatch } from "./volumes/data-watch.ts";
import { PodVolumes, type TokenIssuer } from "./volumes/pod-volumes.ts";
import { SizeLimits } from "./volumes/size-limits.ts";

/** What the node gives to each of its pods. */
export interface NodePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: KubeClient;
  readonly runtime: Runtime;
  readonly images: Images;
  readonly addresses: Addresses;
  readonly network: Network;
  readonly queueProxies: QueueProxyHost;
  readonly nodeName: string;
  readonly hostIp: string;
  /** PATH of the programs. */
  readonly path: string;
  /** For projected volumes; absent = such volumes cannot be had. */
  readonly tokens?: TokenIssuer;
}

export interface WorkerPorts extends NodePorts {
  readonly dataWatch: DataWatch;
}

const MESSAGE_BYTES_MAX = 2_048;
const MESSAGE_LINES_MAX = 80;
const DELETE_RETRY_MS = 1_000;

/** The shell around one pod's machine: carries out effects, feeds results back, writes the status. */
export class PodWorker {
  readonly #ports: WorkerPorts;
  readonly #volumes: PodVolumes;
  readonly #sizeLimits: SizeLimits;
  readonly #starts: ContainerStarts;
  readonly #status: StatusWriter;
  readonly #onFinished: () => void;
  #pod: Pod;
  #state: PodState;
  #podPorts: PodPorts;
  #timer: Timer | undefined;
  #isGone = false;
  #keepsObject = false;
  #unfollow: () => void = () => {};
  /** Called after each step. */
  readonly #lookers = new Set<() => void>();
  readonly #finished = Promise.withResolvers<void>();

  constructor(ports: WorkerPorts, pod: Pod, onFinished: () => void) {
    this.#ports = ports;
    this.#pod = pod;
    this.#onFinished = onFinished;
    this.#podPorts = new PodPorts(ports.addresses);
    this.#state = newPod(pod.spec, this.#now());
    this.#volumes = new PodVolumes({
      ...ports,
      tokens: ports.tokens,
      folderOf: (volume, medium) => ports.runtime.volumeFolder(this.#uid, volume, medium),
      facts: () => this.#facts(),
    });
    this.#starts = new ContainerStarts({
      ...ports,
      volumes: this.#volumes,
      ports: () => this.#podPorts,
      facts: () => this.#facts(),
    });
    this.#sizeLimits = new SizeLimits(ports, (message) => this.handle({ type: "evicted", message }));
    this.#status = new StatusWriter({
      ...ports,
      wanted: () => this.#wantedStatus(),
      sent: (status) => {
        this.#pod = { ...this.#pod, status };
      },
    });
  }

  get pod(): Pod {
    return this.#pod;
  }

  get state(): PodState {
    return this.#state;
  }

  /** Resolves when nothing of the pod runs any more. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  begin(): void {
    this.#ports.queueProxies.moment(this.#uid, "podCreated", this.#ports.clock.monotonic());
    this.handle({ type: "begin" });
  }

  /** Goes on with a pod that an earlier engine started: same address and ports, running programs stay. */
  adopt(state: PodState, record: PodRecord): void {
    this.#state = state;
    this.#podPorts = new PodPorts(this.#ports.addresses, record.ports);
    for (const container of this.#pod.spec.containers)
      if (isQueueProxy(container)) this.#carryOut({ type: "start", container: container.name, restart: 0 });
    // They may have changed while no engine ran.
    this.#makeVolumes().catch((thrown) =>
      this.#ports.log.warn("volumes keep their last contents", { pod: this.#uid, error: messageOf(thrown) }),
    );
    this.#settle();
  }

  /** Keeps the logs of a pod that is over, until it is deleted. */
  adoptEnded(state: PodState, record: PodRecord): void {
    this.#state = state;
    this.#podPorts = new PodPorts(this.#ports.addresses, record.ports);
  }

  /** The API's present view; `isGone` when the object does not exist any more. */
  update(pod: Pod, isGone = false): void {
    const before = this.#pod.metadata;
    this.#pod = pod;
    if (this.#volumes.tellsMetadata && !sameWords(before, pod.metadata)) void this.#volumes.refresh();
    this.#isGone ||= isGone;
    const graceSeconds = isGone ? 0 : pod.metadata.deletionGracePeriodSeconds;
    if (isGone || pod.metadata.deletionTimestamp !== undefined)
      this.handle({ type: "deleted", graceMs: (graceSeconds ?? 0) * 1000 });
  }

  exited(id: RunId, exit: Exit): void {
    const { container, restart } = id;
    this.#lastWords(id, exit.exitCode).then((message) =>
      this.handle({ type: "exited", container, restart, ...exit, ...(message ? { message } : {}) }),
    );
  }

  handle(event: PodEvent): void {
    const { state, effects } = step(this.#state, event, this.#now());
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    this.#settle();
  }

  /** The engine stops: the programs end like those of a deleted pod, the object stays for the next start. */
  stop(graceMs: number): void {
    this.#keepsObject = true;
    // Its logs are wanted as long as its object is there.
    if (isOver(this.#pod) && !this.#state.eviction) return this.#rest();
    this.handle({ type: "deleted", graceMs: Math.min(graceMs, this.#state.graceMs) });
  }

  #settle(): void {
    this.#timer?.cancel();
    const atMs = wakeAtMs(this.#state);
    if (atMs < Number.MAX_VALUE)
      this.#timer = this.#ports.clock.schedule(Math.max(0, atMs - this.#ports.clock.monotonic()), () =>
        this.handle({ type: "tick" }),
      );
    this.#status.write();
    for (const look of this.#lookers) look();
  }

  #carryOut(effect: Effect): void {
    this.#attempt(effect).catch((thrown) => {
      this.#ports.log.error("a step of a pod failed", {
        pod: `${this.#pod.metadata.namespace}/${this.#pod.metadata.name}`,
        step: effect.type,
        error: messageOf(thrown),
      });
    });
  }

  async #attempt(effect: Effect): Promise<void> {
    const { runtime, queueProxies } = this.#ports;
    switch (effect.type) {
      case "allocate":
        return this.#allocate();
      case "start":
        return this.#start(effect.container, effect.restart);
      case "probe":
        return this.#probe(effect);
      case "drain":
        await queueProxies.drain(this.#uid);
        return this.handle({ type: "drained" });
      case "signal":
        return runtime.signal({ podUid: this.#uid, ...effect }, effect.signal);
      case "retire":
        return this.#retire();
      case "finish":
        return this.#finish();
    }
  }

  async #allocate(): Promise<void> {
    let ip: string;
    try {
      ip = await this.#ports.addresses.allocate();
      await this.#podPorts.allocate(this.#pod.spec);
    } catch (thrown) {
      return this.handle({ type: "address-failed", message: messageOf(thrown) });
    }
    this.handle({ type: "addressed", ip });
    // Deleted meanwhile: nobody else will give them back.
    if (this.#state.phase === "finished") this.#releaseAddresses();
  }

  async #start(name: string, restart: number): Promise<void> {
    const container = this.#pod.spec.containers.find((one) => one.name === name);
    if (!container) return;
    const { clock } = this.#ports;
    try {
      const imageId = isQueueProxy(container)
        ? await this.#host(container, restart)
        : await this.#run(container, restart);
      this.handle({ type: "started", container: name, restart, imageId, atMs: clock.wall() });
    } catch (thrown) {
      const { reason, ended } = reasonOf(thrown);
      this.handle({
        type: "start-failed",
        container: name,
        restart,
        reason,
        message: messageOf(thrown),
        ...(ended ? { ended } : {}),
      });
    }
  }

  async #host(container: Container, restart: number): Promise<string> {
    const ip = this.#state.ip ?? "";
    const env = await this.#starts.env(container);
    const logPath = this.#ports.runtime.logPath({ podUid: this.#uid, container: container.name, restart });
    await this.#ports.queueProxies.host({
      uid: this.#uid,
      namespace: this.#pod.metadata.namespace ?? "",
      name: this.#pod.metadata.name ?? "",
      ip,
      env,
      ...(logPath !== "" && { logPath }),
      userPorts: this.#podPorts.mappings.map((mapping) => ({ ...mapping, ip: PROGRAM_IP })),
    });
    return "";
  }

  /** Starts the program; resolves to the imageID. */
  async #run(container: Container, restart: number): Promise<string> {
    const { images, runtime, clock, queueProxies } = this.#ports;
    const reference = container.image ?? "";
    const image = await images.resolve(reference);
    if (!image) throw new MissingImage(reference, container.imagePullPolicy);
    await this.#makeVolumes();
    const { start, work } = await this.#starts.of(container, restart, image);
    await images.unpack(image, work);
    if (restart > 0) await queueProxies.restarting(this.#uid);
    await runtime.start(start);
    queueProxies.moment(this.#uid, "processStarted", clock.monotonic());
    await runtime.remember(this.#uid, { ip: this.#state.ip ?? "", ports: this.#podPorts.mappings });
    return `${image.reference.slice(0, image.reference.lastIndexOf(":"))}@${image.digest}`;
  }

  /** Before the first container; what is there already is left alone. */
  async #makeVolumes(): Promise<void> {
    if ((this.#pod.spec.volumes ?? []).length === 0) return;
    await this.#volumes.make();
    this.#sizeLimits.start(this.#volumes.limited());
    this.#unfollow();
    const { namespace = "" } = this.#pod.metadata;
    this.#unfollow = this.#ports.dataWatch.follow(namespace, this.#volumes.references(), () => {
      void this.#volumes.refresh();
    });
  }

  #facts(): PodFacts {
    const { hostIp, nodeName } = this.#ports;
    return { pod: this.#pod, ip: this.#state.ip ?? "", hostIp, nodeName };
  }

  /** What a command beside the running container is started with; undefined when it does not run. */
  beside(name: string): Promise<ContainerStart | undefined> {
    const run = this.runningRun(name);
    return run ? this.#starts.beside(name, run.restart) : Promise.resolve(undefined);
  }

  runningRun(container: string): RunId | undefined {
    const life = this.#state.containers.find(({ name }) => name === container);
    if (life?.life.phase !== "running") return undefined;
    return { podUid: this.#uid, container, restart: life.restart };
  }

  /** Resolves when the run has ended. */
  whenOver(run: RunId): Promise<void> {
    const isOver = () => {
      const life = this.#state.containers.find(({ name }) => name === run.container);
      const isOther = life?.restart !== run.restart || life.life.phase === "terminated";
      return isOther || this.#state.phase === "finished";
    };
    if (isOver()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (isOver() && this.#lookers.delete(look)) resolve();
      };
      this.#lookers.add(look);
    });
  }

  async #probe(effect: Effect & { type: "probe" }): Promise<void> {
    const { container, restart, name, probe } = effect;
    const success = await runProbe(this.#ports, probe, {
      locate: (port) => this.#locate(container, port),
      exec: async (command, timeoutMs) => {
        const start = await this.#starts.beside(container, restart);
        if (!start) return { exitCode: 126, output: "" };
        return this.#ports.runtime.exec(start, command, timeoutMs);
      },
    });
    this.handle({ type: "probed", container, restart, probe: name, success });
  }

  /** Where a probe's port really is: by name or number, on the program's port when it was moved. */
  #locate(name: string, port: number | string | undefined): Address {
    const container = this.#pod.spec.containers.find((one) => one.name === name);
    const declared =
      typeof port === "string" && !/^\d+$/.test(port)
        ? container?.ports?.find((one) => one.name === port)?.containerPort
        : Number(port);
    if (name === "queue-proxy") return { ip: this.#state.ip ?? "", port: declared ?? 0 };
    return this.locate(declared ?? 0);
  }

  /** Where a port of the pod really is. */
  locate(declared: number): Address {
    return this.#podPorts.locate(declared, this.#state.ip ?? "");
  }

  /** The end of the log, for those who asked for it in case of failure. */
  async #lastWords(id: RunId, exitCode: number): Promise<string> {
    const container = this.#pod.spec.containers.find((one) => one.name === id.container);
    if (exitCode === 0 || container?.terminationMessagePolicy !== "FallbackToLogsOnError") return "";
    const text = await this.#ports.runtime.tail(id, MESSAGE_BYTES_MAX);
    return text
      .split("\n")
      .slice(-MESSAGE_LINES_MAX - 1)
      .join("\n");
  }

  #endVolumes(): void {
    this.#unfollow();
    this.#volumes.end();
    this.#sizeLimits.stop();
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#endVolumes();
    this.#finished.resolve();
    this.#onFinished();
  }

  /** The pod's address and ports stay its own: they are in its status. */
  async #retire(): Promise<void> {
    this.#endVolumes();
    await this.#ports.queueProxies.remove(this.#uid);
    await this.#ports.runtime.remove(this.#uid);
  }

  async #finish(): Promise<void> {
    const { queueProxies, runtime } = this.#ports;
    this.#timer?.cancel();
    this.#endVolumes();
    this.#finished.resolve();
    for (const look of this.#lookers) look();
    try {
      await queueProxies.remove(this.#uid);
      await runtime.remove(this.#uid);
      this.#releaseAddresses();
      await this.#deleteObject();
    } finally {
      this.#onFinished();
    }
  }

  #releaseAddresses(): void {
    const { addresses } = this.#ports;
    if (this.#state.ip !== undefined) addresses.release(this.#state.ip);
    this.#podPorts.release();
  }

  async #deleteObject(): Promise<void> {
    const { client, clock, log } = this.#ports;
    const { namespace = "", name = "" } = this.#pod.metadata;
    while (!this.#isGone && !this.#keepsObject) {
      try {
        await client.delete(PodKind, { namespace, name }, { gracePeriodSeconds: 0, uid: this.#uid });
        return;
      } catch (thrown) {
        // Somebody was faster, or the name is another pod's by now.
        if (isApiError(thrown, "NotFound") || isApiError(thrown, "Conflict")) return;
        const error = messageOf(thrown);
        log.warn("cannot delete an ended pod's object, trying again", { pod: this.#uid, error });
        await sleep(clock, DELETE_RETRY_MS);
      }
    }
  }

  #wantedStatus() {
    const { clock, hostIp } = this.#ports;
    if (this.#isGone || this.#state.phase === "finished") return undefined;
    const at = { nowMs: clock.wall(), hostIp };
    return { pod: this.#pod, status: podStatus(this.#state, this.#pod, at) };
  }

  get #uid(): string {
    return this.#pod.metadata.uid ?? "";
  }

  #now(): Now {
    return { wallMs: this.#ports.clock.wall(), monotonicMs: this.#ports.clock.monotonic() };
  }
}

function sameWords(a: Pod["metadata"], b: Pod["metadata"]): boolean {
  return semanticallyEqual([a.labels, a.annotations], [b.labels, b.annotations]);
}

class MissingImage extends StartError {
  readonly policy: string | undefined;

  constructor(reference: string, policy: string | undefined) {
    super(
      `image "${reference}" is not in the image store; add it: ebb image add ${reference} PATH [-- command…]`,
    );
    this.policy = policy;
  }
}

function reasonOf(thrown: unknown): { reason: string; ended?: boolean } {
  if (thrown instanceof MissingImage)
    return { reason: thrown.policy === "Never" ? "ErrImageNeverPull" : "ErrImagePull" };
  if (thrown instanceof EnvError) return { reason: "CreateContainerConfigError" };
  if (thrown instanceof StartError) return { reason: "StartError", ended: true };
  return { reason: "RunContainerError" };
}
