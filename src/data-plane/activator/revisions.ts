import { type MeshSettings, QUIET_SETTINGS } from "../../api/wire/settings.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Backend, UpstreamFor } from "../backend.ts";
import type { ObservedPods } from "./pod-set.ts";
import { RevisionHold, type RevisionHoldOptions, type RevisionView } from "./revision-hold.ts";
import type { ActivatorNames } from "./revision-names.ts";
import type { ActivatorPosition } from "./subset.ts";
import type { HeldBytes, HoldBounds } from "./throttle.ts";

export interface RevisionsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly upstreamFor: UpstreamFor;
  /** Default 10,000 requests and 64 MiB for one revision. Knative has no bound that is ever met (errata T-013). */
  readonly holdBounds?: HoldBounds;
  /** Default 256 MiB for all revisions together. */
  readonly heldBytesMax?: number;
  /** Default 300 ms (spec TM-010). */
  readonly probeTimeoutMs?: number;
  /**
   * The address of a revision's private Service, which leads to its pods through a mesh, with the port of its protocol
   * (spec T-034). Absent where Services' addresses lead nowhere: then pods are always reached one by one.
   */
  readonly clusterIpOf?: (revision: RevisionView) => Promise<Backend | undefined>;
  /** Default 200 ms (spec TM-010). */
  readonly probeIntervalMs?: number;
  /** Default 20 ms: between failed probes while a request waits. */
  readonly urgentProbeIntervalMs?: number;
}

const MIB = 1024 * 1024;

/** All revisions the activator knows, and what is known of their pods, in whatever order the news come. */
export class Revisions {
  readonly #holdOptions: RevisionHoldOptions;
  readonly #holds = new Map<string, RevisionHold>();
  readonly #pods = new Map<string, ObservedPods>();
  readonly #positions = new Map<string, ActivatorPosition>();
  #mesh: MeshSettings = QUIET_SETTINGS.mesh;

  constructor(options: RevisionsOptions, activator: ActivatorNames) {
    const { clock, random, upstreamFor } = options;
    const held: HeldBytes = { total: 0, max: options.heldBytesMax ?? 256 * MIB };
    this.#holdOptions = {
      clock,
      random,
      held,
      activator,
      log: options.log,
      clusterIpOf: options.clusterIpOf,
      mesh: () => this.#mesh,
      bounds: options.holdBounds ?? { requestsMax: 10_000, bytesMax: 64 * MIB },
      prober: {
        clock,
        upstreamFor,
        timeoutMs: options.probeTimeoutMs ?? 300,
        intervalMs: options.probeIntervalMs ?? 200,
        urgentIntervalMs: options.urgentProbeIntervalMs ?? 20,
      },
    };
  }

  get(namespace: string, name: string): RevisionHold | undefined {
    return this.#holds.get(`${namespace}/${name}`);
  }

  /** Those that a request has come for. */
  *used(): Generator<RevisionHold> {
    for (const hold of this.#holds.values()) if (hold.isUsed) yield hold;
  }

  get mesh(): MeshSettings {
    return this.#mesh;
  }

  setMesh(mesh: MeshSettings): void {
    if (mesh.mode === this.#mesh.mode && mesh.podAddressability === this.#mesh.podAddressability) return;
    this.#mesh = mesh;
    for (const hold of this.#holds.values()) hold.meshChanged();
  }

  /** A Revision as it is now. */
  set(view: RevisionView): void {
    const key = `${view.namespace}/${view.name}`;
    const known = this.#holds.get(key);
    if (known !== undefined) {
      known.setView(view);
      return;
    }
    const hold = new RevisionHold(view, this.#holdOptions);
    this.#holds.set(key, hold);
    const position = this.#positions.get(key);
    if (position !== undefined) hold.setPosition(position);
    const pods = this.#pods.get(key);
    if (pods !== undefined) hold.setPods(pods);
  }

  /** A deleted revision wakes its waiting requests with an error; Knative lets them time out (spec T-026). */
  delete(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const hold = this.#holds.get(key);
    this.#holds.delete(key);
    hold?.close({ reason: "Deleted", message: "the revision was deleted", final: true });
  }

  /** What the revision's private Endpoints say; nothing when they are gone. */
  setPods(namespace: string, name: string, observed: ObservedPods | undefined): void {
    const key = `${namespace}/${name}`;
    if (observed === undefined) this.#pods.delete(key);
    else this.#pods.set(key, observed);
    this.#holds.get(key)?.setPods(observed ?? { ready: [], notReady: [] });
  }

  /** A pod of this process, told before the Endpoints can list it: a cold start need not wait for them. */
  introducePod(namespace: string, name: string, backend: Backend): void {
    this.#holds.get(`${namespace}/${name}`)?.introducePod(backend);
  }

  /** Our place among the activators of a revision (spec T-024). */
  setPosition(namespace: string, name: string, position: ActivatorPosition): void {
    const key = `${namespace}/${name}`;
    this.#positions.set(key, position);
    this.#holds.get(key)?.setPosition(position);
  }

  /** The pod gets nothing new from here, before the Endpoints say so. */
  drainPod(backend: Backend): void {
    for (const hold of this.#holds.values()) hold.drainPod(backend);
  }

  close(): void {
    for (const hold of this.#holds.values()) {
      hold.close({ reason: "ShuttingDown", message: "the activator is shutting down", final: true });
    }
    this.#holds.clear();
  }
}
