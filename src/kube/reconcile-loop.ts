import { keyOf, keyOfText, keyText, type ObjectKey, type Stored } from "../api/object.ts";
import { ApiError, isApiError, isNamespaceTerminating } from "../api/status.ts";
import { type Clock, sleep } from "../base/clock.ts";
import { EbbError, messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { KubeClient } from "./client.ts";
import type {
  ConfigSource,
  Context,
  Controller,
  Desired,
  EventNote,
  ParentObject,
  WriteFailure,
} from "./controller.ts";
import { EventRecorder } from "./events.ts";
import type { Informers } from "./informers.ts";
import { ChildWriter } from "./owned-children.ts";
import { semanticallyEqual } from "./semantic.ts";
import { groomStatus } from "./status.ts";
import { type QueueMeter, WorkQueue } from "./work-queue.ts";
import type { WorkQueueMetrics } from "./work-queue-metrics.ts";

export interface ReconcileLoopOptions<P extends ParentObject, O, C> {
  readonly controller: Controller<P, O, C>;
  readonly clientFor: (actor: string) => KubeClient;
  readonly informers: Informers;
  readonly config: ConfigSource<C>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How long work that nobody waits for should wait now, because a process is being started (default: not at all). */
  readonly courtesyMs?: (() => number) | undefined;
  /** Absent = nobody measures the queue. */
  readonly queueMetrics?: WorkQueueMetrics;
  /** Requests wait for this controller: it stands back only between its own rounds. */
  readonly isUrgent?: boolean;
}

export interface ReconcileLoop {
  enqueue(key: ObjectKey): void;
  /** Nothing waits and nothing is being worked on. */
  readonly idle: boolean;
}

/**
 * So many rounds of writing and looking again, before the key goes to the end of the queue. Between two rounds lies a
 * turn: what was written is first taken up by others, among them those who start a pod for a request that waits.
 */
const ROUNDS_MAX = 8;

/** spec C-001. */
const RESYNC_MS = 10 * 60 * 60 * 1000;
const RECONCILE_MAX_MS = 30_000;

/**
 * Starts the one loop that all controllers share: wake on changes, look, decide, write the difference, look again until
 * nothing is left to write, and only then write the status; it so describes children as they now are (a Service is not
 * Ready on the strength of the Configuration it has just replaced). Work begins when all caches are filled.
 */
export function startReconcileLoop<P extends ParentObject, O, C>(
  options: ReconcileLoopOptions<P, O, C>,
): ReconcileLoop {
  const loop = new Loop(options);
  loop.start(options.signal);
  return loop;
}

class Loop<P extends ParentObject, O, C> implements ReconcileLoop {
  readonly #options: ReconcileLoopOptions<P, O, C>;
  readonly #controller: Controller<P, O, C>;
  readonly #client: KubeClient;
  readonly #queue: WorkQueue;
  readonly #events: EventRecorder;
  readonly #log: Log;
  readonly #failures = new Map<string, WriteFailure>();

  constructor(options: ReconcileLoopOptions<P, O, C>) {
    const { controller, clock, random } = options;
    this.#options = options;
    this.#controller = controller;
    this.#client = options.clientFor(controller.name);
    this.#log = options.log.with({ controller: controller.name });
    const queue = (meter?: QueueMeter) =>
      new WorkQueue({
        clock,
        work: (key) => this.#work(key),
        courtesyMs: options.isUrgent ? undefined : options.courtesyMs,
        meter,
      });
    this.#queue = options.queueMetrics?.measure(controller.name, queue) ?? queue();
    this.#events = new EventRecorder({
      client: this.#client,
      component: controller.name,
      clock,
      random,
      log: this.#log,
    });
  }

  get idle(): boolean {
    return this.#queue.idle;
  }

  enqueue(key: ObjectKey): void {
    this.#queue.add(keyText(key));
  }

  start(signal: AbortSignal): void {
    const { informers, config } = this.#options;
    informers.need(this.#controller.kind);
    const own = informers.of(this.#controller.kind);
    own.onChange(({ object }) => this.enqueue(keyOf(object)));
    for (const watch of this.#controller.watches) {
      informers.need(watch.kind, watch.fields);
      informers.of(watch.kind).onChange(({ object, previous }) => {
        for (const key of watch.parents(object, informers)) this.enqueue(key);
        if (previous) for (const key of watch.parents(previous, informers)) this.enqueue(key);
      });
    }
    config.onChange(() => this.#lookAtAll());
    this.#resyncLater(signal);
    this.#controller.start?.((key) => this.enqueue(key), signal);
    signal.addEventListener("abort", () => this.#queue.stop(), { once: true });
    void Promise.all([informers.synced(), config.readable]).then(() => this.#queue.start());
  }

  #lookAtAll(): void {
    for (const key of this.#options.informers.keys(this.#controller.kind)) this.#queue.addSlow(keyText(key));
  }

  /** Again and again, for what no event has told of. */
  #resyncLater(signal: AbortSignal): void {
    const timer = this.#options.clock.schedule(RESYNC_MS, () => {
      this.#lookAtAll();
      this.#resyncLater(signal);
    });
    signal.addEventListener("abort", () => timer.cancel(), { once: true });
  }

  async #work(key: string): Promise<void> {
    try {
      const requeueAfterMs = await this.#inTime(key, (limit) => this.#reconcile(key, limit));
      this.#queue.forget(key);
      if (requeueAfterMs !== undefined) this.#queue.addAfter(key, requeueAfterMs);
    } catch (thrown) {
      const delayMs = this.#queue.addRateLimited(key);
      if (isApiError(thrown, "Conflict") || isApiError(thrown, "AlreadyExists")) return;
      if (isNamespaceTerminating(thrown)) return;
      this.#log.error("reconcile failed", { key, error: messageOf(thrown), delayMs });
    }
  }

  /** One that takes too long gives its worker back, and writes nothing more. */
  async #inTime<T>(key: string, work: (limit: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = this.#options.clock.schedule(RECONCILE_MAX_MS, () => {
      const why = `the API did not answer within ${RECONCILE_MAX_MS} ms`;
      const error = new EbbError("reconcile-timeout", `${this.#controller.kind.kind} ${key}: ${why}`);
      limit.abort(error);
      reject(error);
    });
    work(limit.signal).then(resolve, reject);
    return promise.finally(() => timer.cancel());
  }

  async #reconcile(key: string, limit: AbortSignal): Promise<number | undefined> {
    const parent = this.#parent(key);
    if (!parent) {
      this.#failures.delete(key);
      this.#controller.forget?.(keyOfText(key));
      return undefined;
    }
    if (this.#controller.concerns?.(parent) === false) return undefined;
    if (parent.metadata.deletionTimestamp !== undefined) return this.#finalize(parent);
    this.#failures.delete(key);
    await this.#addFinalizer(parent);
    let failed: unknown;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      limit.throwIfAborted();
      const current = this.#parent(key);
      if (!current || current.metadata.deletionTimestamp !== undefined) return 0;
      const desired = this.#desired(current);
      if (failed === undefined) {
        try {
          if (await this.#write(current, desired, limit)) {
            await sleep(this.#options.clock, this.#options.courtesyMs?.() ?? 0);
            continue;
          }
        } catch (thrown) {
          if (isApiError(thrown, "Conflict") || isApiError(thrown, "AlreadyExists")) throw thrown;
          failed = thrown;
          await this.#noteFailure(current, thrown);
          continue;
        }
      }
      limit.throwIfAborted();
      await this.#writeStatus(current, desired);
      if (failed !== undefined) throw failed;
      return desired.requeueAfterMs;
    }
    return 0;
  }

  #parent(key: string): Stored<P> | undefined {
    return this.#options.informers.get(this.#controller.kind, keyOfText(key));
  }

  #context(parent: Stored<P>): Context<C> {
    const failure = this.#failures.get(keyText(keyOf(parent)));
    return {
      config: this.#options.config.current(),
      nowMs: this.#options.clock.wall(),
      ...(failure === undefined ? {} : { failure }),
    };
  }

  #desired(parent: Stored<P>): Desired<P> {
    const observed = this.#controller.observe(parent, this.#options.informers);
    return this.#controller.desired(parent, observed, this.#context(parent));
  }

  /** Resolves to whether anything was written that the caches can show already. */
  async #write(
    parent: Stored<P>,
    desired: Pick<Desired<P>, "patches" | "deletions"> & Partial<Desired<P>>,
    limit?: AbortSignal,
  ) {
    const notes: EventNote[] = [];
    const writer = new ChildWriter({
      client: this.#client,
      informers: this.#options.informers,
      tell: (note) => notes.push(note),
    });
    let wrote = false;
    try {
      for (const child of desired.children ?? []) {
        limit?.throwIfAborted();
        wrote =
          (await this.#applying(child.kind.kind, child.object.metadata.name, () =>
            writer.apply(this.#controller.kind, parent, child),
          )) || wrote;
      }
      for (const deletion of desired.deletions ?? []) wrote = (await writer.delete(deletion)) || wrote;
      for (const patch of desired.patches ?? []) wrote = (await writer.patch(patch)) || wrote;
    } finally {
      for (const note of notes) await this.#events.record(this.#controller.kind, parent, note);
    }
    return wrote;
  }

  async #applying(kind: string, name: string | undefined, write: () => Promise<boolean>): Promise<boolean> {
    try {
      return await write();
    } catch (thrown) {
      throw new ChildFailure(kind, name ?? "", thrown);
    }
  }

  async #noteFailure(parent: Stored<P>, thrown: unknown): Promise<void> {
    const key = keyText(keyOf(parent));
    if (thrown instanceof ChildFailure) this.#failures.set(key, thrown.failure);
    const note: EventNote = { type: "Warning", reason: "InternalError", message: messageOf(thrown) };
    await this.#events.record(this.#controller.kind, parent, note);
  }

  /** Skipped when nothing changed; after a conflict the newest object gets this status (spec A-045). */
  async #writeStatus(parent: Stored<P>, desired: Desired<P>): Promise<void> {
    if (desired.status === undefined) return;
    const { kind } = this.#controller;
    const at = { generation: parent.metadata.generation ?? 0, nowMs: this.#options.clock.wall() };
    const status = groomStatus(desired.status, parent.status as P["status"], at);
    if (semanticallyEqual(status, parent.status)) return;
    try {
      if (!(await this.#storeStatus(parent, status))) return;
    } catch (thrown) {
      if (isApiError(thrown, "NotFound")) return;
      if (isApiError(thrown, "Conflict")) throw thrown;
      const message = `Failed to update status for "${parent.metadata.name}": ${messageOf(thrown)}`;
      await this.#events.record(kind, parent, { type: "Warning", reason: "UpdateFailed", message });
      throw thrown;
    }
    for (const note of desired.events ?? []) await this.#events.record(kind, parent, note);
  }

  /** Resolves to false when it is another object of that name by now. */
  async #storeStatus(parent: Stored<P>, status: P["status"]): Promise<boolean> {
    const { kind } = this.#controller;
    const informer = this.#options.informers.of(kind);
    try {
      informer.absorb(await this.#client.updateStatus(kind, { ...parent, status }));
    } catch (thrown) {
      if (!isApiError(thrown, "Conflict")) throw thrown;
      const newest = await this.#client.get(kind, keyOf(parent));
      if (newest.metadata.uid !== parent.metadata.uid) return false;
      informer.absorb(await this.#client.updateStatus(kind, { ...newest, status }));
    }
    return true;
  }

  async #addFinalizer(parent: Stored<P>): Promise<void> {
    const { finalizer, kind } = this.#controller;
    const present = parent.metadata.finalizers ?? [];
    if (finalizer === undefined || present.includes(finalizer)) return;
    await this.#patchFinalizers(parent, [...present, finalizer]);
    const note: EventNote = {
      type: "Normal",
      reason: "FinalizerUpdate",
      message: `Updated "${parent.metadata.name}" finalizers`,
    };
    await this.#events.record(kind, parent, note);
  }

  async #finalize(parent: Stored<P>): Promise<undefined> {
    const { finalizer } = this.#controller;
    const present = parent.metadata.finalizers ?? [];
    if (finalizer === undefined || !present.includes(finalizer)) return;
    const observed = this.#controller.observe(parent, this.#options.informers);
    const last = this.#controller.finalize?.(parent, observed, this.#context(parent));
    if (last) await this.#write(parent, last);
    await this.#patchFinalizers(
      parent,
      present.filter((name) => name !== finalizer),
    );
  }

  async #patchFinalizers(parent: Stored<P>, finalizers: string[]): Promise<void> {
    const { kind } = this.#controller;
    const metadata = { finalizers, resourceVersion: parent.metadata.resourceVersion };
    try {
      const patched = await this.#client.patch(kind, keyOf(parent), { type: "merge", body: { metadata } });
      if (finalizers.length > 0) this.#options.informers.of(kind).absorb(patched);
    } catch (thrown) {
      if (isApiError(thrown, "NotFound")) return;
      const message = `Failed to update finalizers for "${parent.metadata.name}": ${messageOf(thrown)}`;
      const reason = "FinalizerUpdateFailed";
      if (!isApiError(thrown, "Conflict"))
        await this.#events.record(kind, parent, { type: "Warning", reason, message });
      throw thrown;
    }
  }
}

/** A refused write of a child, with the API's own reason inside. */
class ChildFailure extends ApiError {
  readonly failure: WriteFailure;

  constructor(kind: string, name: string, cause: unknown) {
    const known = cause instanceof ApiError ? cause.status : undefined;
    const message = messageOf(cause);
    super(known ?? { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, code: 500 });
    this.name = "ChildFailure";
    this.cause = cause;
    this.failure = { kind, name, reason: known?.reason ?? "InternalError", message };
  }
}
