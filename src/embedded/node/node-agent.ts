import { type Pod, PodKind } from "../../api/pod/kind.ts";
import { isOver } from "../../api/pod/phase.ts";
import { isApiError } from "../../api/status.ts";
import { messageOf } from "../../base/errors.ts";
import { Informer } from "../../kube/informer.ts";
import { exitOf, newContainer, reasonOfExit, startedContainer } from "./container-life.ts";
import { isQueueProxy, newPod, type PodState } from "./pod-lifecycle.ts";
import { type NodePorts, PodWorker } from "./pod-worker.ts";
import type { Exit, FoundRun, PodRecord, RunId } from "./runtime.ts";
import { DataWatch } from "./volumes/data-watch.ts";

/**
 * The kubelet's part of the embedded home: one worker per pod, told by the watch on pods. At its start it adopts the
 * programs of the engine before it, or reaps those whose pod is gone.
 */
export class NodeAgent {
  readonly #ports: NodePorts;
  readonly #workers = new Map<string, PodWorker>();
  readonly #aborter = new AbortController();
  readonly #found = new Map<string, FoundRun[]>();
  readonly #idle: (() => void)[] = [];
  #watching: Promise<void> = Promise.resolve();
  readonly #dataWatch: DataWatch;
  #isStopping = false;

  constructor(ports: NodePorts) {
    this.#ports = ports;
    this.#dataWatch = new DataWatch(ports, this.#aborter.signal);
  }

  /** Resolves when all pods of the API are in hand: adopted, or being started. */
  async start(): Promise<void> {
    const { runtime, client, clock, log } = this.#ports;
    runtime.onExit((id, exit) => this.#exited(id, exit));
    await runtime.open();
    for (const run of await runtime.list())
      this.#found.set(run.podUid, [...(this.#found.get(run.podUid) ?? []), run]);
    const informer = new Informer<Pod>({ client, kind: PodKind, clock, log });
    informer.onChange(({ type, object }) => this.#podChanged(object, type === "DELETED"));
    this.#watching = informer.run(this.#aborter.signal);
    await informer.synced;
    await this.#reapStrangers();
  }

  /** Drains and stops all pods, waiting no longer than `graceMs` for any; their objects stay. */
  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#isStopping = true;
    for (const worker of [...this.#workers.values()]) worker.stop(graceMs);
    if (this.#workers.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#aborter.abort();
    await this.#watching;
    await this.#ports.runtime.close();
  }

  /** The pods in hand, by uid: for logs and tests. */
  worker(podUid: string): PodWorker | undefined {
    return this.#workers.get(podUid);
  }

  /** A run that ends before its pod is in hand is kept for the adoption. */
  #exited(id: RunId, exit: Exit): void {
    const runs = this.#found.get(id.podUid);
    if (!runs) {
      this.#workers.get(id.podUid)?.exited(id, exit);
      return;
    }
    const isIt = (run: FoundRun) => run.container === id.container && run.restart === id.restart;
    this.#found.set(
      id.podUid,
      runs.map((run) => (isIt(run) ? { ...run, exit } : run)),
    );
  }

  #podChanged(pod: Pod, isGone: boolean): void {
    const uid = pod.metadata.uid ?? "";
    const known = this.#workers.get(uid);
    if (known) known.update(pod, isGone);
    if (known || isGone || this.#isStopping || !this.#isOurs(pod)) return;
    const worker = new PodWorker({ ...this.#ports, dataWatch: this.#dataWatch }, pod, () =>
      this.#finished(uid),
    );
    this.#workers.set(uid, worker);
    this.#begin(worker).catch((thrown) =>
      this.#ports.log.error("cannot begin a pod", { pod: uid, error: messageOf(thrown) }),
    );
  }

  /** There is one node: a pod without a node is ours as well. Of a pod that is over there may be logs. */
  #isOurs(pod: Pod): boolean {
    if (isOver(pod) && !this.#found.has(pod.metadata.uid ?? "")) return false;
    return (pod.spec.nodeName ?? this.#ports.nodeName) === this.#ports.nodeName;
  }

  async #begin(worker: PodWorker): Promise<void> {
    const uid = worker.pod.metadata.uid ?? "";
    await this.#bind(worker.pod);
    const isAdopted = this.#found.has(uid) && (await this.#adopt(worker));
    if (!isAdopted && isOver(worker.pod)) return this.#finished(uid);
    if (!isAdopted) worker.begin();
    worker.update(worker.pod);
  }

  /** A pod that nobody gave to a node is given to this one, as a cluster's scheduler would. */
  async #bind({ metadata, spec }: Pod): Promise<void> {
    if (spec.nodeName !== undefined) return;
    const { name = "", namespace = "", uid } = metadata;
    const body = [
      { op: "test", path: "/metadata/uid", value: uid },
      { op: "add", path: "/spec/nodeName", value: this.#ports.nodeName },
    ];
    try {
      await this.#ports.client.patch(PodKind, { namespace, name }, { type: "json", body });
    } catch (thrown) {
      // Gone meanwhile, and the watch says so.
      if (!isApiError(thrown, "NotFound") && !isApiError(thrown, "Invalid")) throw thrown;
    }
  }

  async #adopt(worker: PodWorker): Promise<boolean> {
    const { runtime, addresses, log } = this.#ports;
    const uid = worker.pod.metadata.uid ?? "";
    const record = await runtime.recall(uid);
    const newest = newestRuns(this.#found.get(uid) ?? []);
    this.#found.delete(uid);
    if (!record || !addresses.claim(record.ip)) {
      log.warn("cannot adopt a pod: its address is not ours any more", { pod: uid });
      await runtime.remove(uid);
      return false;
    }
    for (const { port } of record.ports) addresses.claimPort(port);
    const state = this.#adoptedState(worker.pod, record, newest);
    if (isOver(worker.pod)) worker.adoptEnded(endedState(state, newest), record);
    else worker.adopt(state, record);
    if (!isOver(worker.pod)) for (const run of newest) if (run.exit) worker.exited(run, run.exit);
    log.info("adopted a pod", { pod: uid, running: newest.filter((run) => !run.exit).length });
    return true;
  }

  #adoptedState(pod: Pod, record: PodRecord, runs: readonly FoundRun[]): PodState {
    const { clock } = this.#ports;
    const now = { wallMs: clock.wall(), monotonicMs: clock.monotonic() };
    const containers = pod.spec.containers.map((spec) => {
      const fresh = newContainer(spec);
      const run = runs.find(({ container }) => container === spec.name);
      if (isQueueProxy(spec)) return { ...fresh, starting: true };
      // Never started, or its run left no trace: now is the time.
      if (!run) return { ...fresh, retryAtMs: now.monotonicMs };
      const imageId = pod.status?.containerStatuses?.find(({ name }) => name === spec.name)?.imageID ?? "";
      const start = { imageId, atMs: run.startedAtMs, nowMs: now.monotonicMs };
      return { ...startedContainer(fresh, start), restart: run.restart };
    });
    const startedAtMs = Math.min(now.wallMs, ...runs.map((run) => run.startedAtMs));
    return { ...newPod(pod.spec, now), phase: "active", ip: record.ip, startedAtMs, containers };
  }

  /** Programs whose pod does not exist (any more): nobody may run unseen. */
  async #reapStrangers(): Promise<void> {
    for (const uid of [...this.#found.keys()]) {
      if (this.#workers.has(uid)) continue;
      this.#found.delete(uid);
      this.#ports.log.info("reaping what an earlier engine left of a pod that is gone", { pod: uid });
      await this.#ports.runtime.remove(uid);
    }
  }

  #finished(uid: string): void {
    this.#workers.delete(uid);
    if (this.#workers.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** Nothing of it is started again; its status has been written. */
function endedState(state: PodState, runs: readonly FoundRun[]): PodState {
  const containers = state.containers.map((container) => {
    const exit = runs.find(({ container: name }) => name === container.name)?.exit;
    const resting = { ...container, starting: false, retryAtMs: Number.POSITIVE_INFINITY };
    return exit ? exitOf(resting, { ...exit, reason: reasonOfExit(exit.exitCode) }) : resting;
  });
  return { ...state, containers };
}

function newestRuns(runs: readonly FoundRun[]): FoundRun[] {
  const newest = new Map<string, FoundRun>();
  for (const run of runs)
    if (run.restart >= (newest.get(run.container)?.restart ?? 0)) newest.set(run.container, run);
  return [...newest.values()];
}
