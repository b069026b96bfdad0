import type { Timeline } from "../api/wire/hosting.ts";
import type { DataPlaneSettings } from "../api/wire/settings.ts";
import type { Clock } from "../base/clock.ts";
import { EbbError } from "../base/errors.ts";
import { DataPlaneChild } from "./data-plane-child.ts";
import { type Start, TIMELINES } from "./data-plane-messages.ts";
import { passOn } from "./hand-over.ts";
import { HostSwitch } from "./host-switch.ts";
import { hostingOver } from "./hosting-link.ts";
import type { HandleLink } from "./process-link.ts";
import type { DataPlaneAddresses } from "./published-endpoints.ts";

export interface Replaced {
  readonly fromPid: number | undefined;
  readonly toPid: number | undefined;
  readonly ms: number;
}

/** Each is a process more, for as long as a WebSocket lives in it, and ten minutes at most. */
const RETIRING_MAX = 4;

/** The data-plane process of this engine and how another one takes its place without losing a request (DESIGN §4). */
export class DataPlanes {
  readonly queueProxies: HostSwitch;
  readonly #failure = Promise.withResolvers<Error>();
  /** Resolves with the reason when a process ended without having been asked. */
  readonly failed = this.#failure.promise;
  readonly #clock: Clock;
  #current: DataPlaneChild;
  /** Still finishing what they had when they were replaced. */
  readonly #retiring = new Set<DataPlaneChild>();
  #start: Start | undefined;
  #addresses: DataPlaneAddresses | undefined;
  #settings: DataPlaneSettings | undefined;
  #generation = 1;
  #isReplacing = false;
  #join: (link: HandleLink) => void = () => {};
  readonly #timelineListeners = new Set<(timeline: Timeline) => void>();

  /** Starts the first process at once: it loads its code while the control plane loads its own. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#current = new DataPlaneChild(clock);
    this.queueProxies = new HostSwitch(hostingOver(this.#current.link));
    void this.#current.failed.then(this.#failure.resolve);
  }

  /** `join` gives each process's link what the control plane has for it. */
  onLink(join: (link: HandleLink) => void): void {
    this.#join = join;
    this.#joined(this.#current);
  }

  onTimeline(listener: (timeline: Timeline) => void): () => void {
    this.#timelineListeners.add(listener);
    return () => this.#timelineListeners.delete(listener);
  }

  /** What every process of the data plane follows from now on. */
  configure(settings: DataPlaneSettings): void {
    this.#settings = settings;
    for (const { telemetry } of this.#children) telemetry.configure(settings);
  }

  /** Of the process that serves now; undefined when it does not answer. */
  readonly metrics = () => this.#current.telemetry.metrics();

  /** Rejects with one sentence when a port cannot be had. */
  async bind(start: Omit<Start, "activatorName">): Promise<DataPlaneAddresses> {
    this.#start = { ...start, activatorName: "activator" };
    this.#addresses = await this.#current.bind(this.#start);
    return this.#addresses;
  }

  get serving(): Promise<void> {
    return this.#current.serving;
  }

  /**
   * A new process takes over sockets and pods; the old one finishes its requests and ends. Rejects with one sentence
   * when that cannot begin; the old process goes on then.
   */
  async replace(): Promise<Replaced> {
    if (this.#isReplacing || !this.#start || !this.#addresses)
      throw new EbbError(
        "hand-over-under-way",
        "another process is taking over already; try again when it has",
      );
    if (this.#retiring.size >= RETIRING_MAX) {
      const message = `${RETIRING_MAX} data planes before this one have not finished their requests yet; each is given ten minutes`;
      throw new EbbError("too-many-retiring", message);
    }
    this.#isReplacing = true;
    const startedMs = this.#clock.monotonic();
    const [old, heir] = [this.#current, new DataPlaneChild(this.#clock)];
    try {
      this.#joined(heir);
      this.#generation += 1;
      const activatorName = `activator-${this.#generation}`;
      const bound = heir.bind({ ...this.#start, successorOf: this.#addresses, activatorName });
      await Promise.race([heir.serving, heir.failed.then((failure) => Promise.reject(failure))]);
      await this.queueProxies.hold();
      await this.#pass(old, heir, bound);
    } catch (thrown) {
      this.queueProxies.goOn();
      await heir.stop();
      throw thrown;
    } finally {
      this.#isReplacing = false;
    }
    return { fromPid: old.pid, toPid: heir.pid, ms: this.#clock.monotonic() - startedMs };
  }

  /** From the first word of this on there is no way back: the engine fails with either process. */
  async #pass(old: DataPlaneChild, heir: DataPlaneChild, bound: Promise<unknown>): Promise<void> {
    void heir.failed.then(this.#failure.resolve);
    // The new process has a socket of its own by then.
    passOn(old.link, heir.link, (handle) => (handle as { close(): void }).close());
    await bound;
    this.#current = heir;
    this.#retiring.add(old);
    old.link.onClosed(() => this.#retiring.delete(old));
    this.queueProxies.goOn(hostingOver(heir.link));
    old.retire();
  }

  /** Answers what is in flight, for `timeoutMs` at most. */
  async drain(timeoutMs: number): Promise<void> {
    await Promise.all(this.#children.map((child) => child.drain(timeoutMs)));
  }

  /** Ends the processes; resolves when they are gone. */
  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
  }

  get #children(): readonly DataPlaneChild[] {
    return [this.#current, ...this.#retiring];
  }

  #joined({ link, telemetry }: DataPlaneChild): void {
    this.#join(link);
    if (this.#settings) telemetry.configure(this.#settings);
    link.listen(TIMELINES, (message) => {
      for (const listener of this.#timelineListeners) listener(message as Timeline);
    });
  }
}
