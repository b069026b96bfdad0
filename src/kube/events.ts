import { type Event, EventKind } from "../api/event/kind.ts";
import { apiVersionOf, type Kind } from "../api/kind.ts";
import type { ApiObject, ObjectKey } from "../api/object.ts";
import { isNamespaceTerminating } from "../api/status.ts";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type Random, randomSuffix } from "../base/random.ts";
import type { KubeClient } from "./client.ts";
import type { EventNote } from "./controller.ts";
import { timeText } from "./time.ts";

/** Notes that are repeated are repeated soon; each controller has a recorder. */
const KNOWN_MAX = 500;

/**
 * Writes core Events about objects (spec A-065). The same note about the same object raises the count of its first
 * Event instead of making another. An Event that cannot be written is logged and never fails its caller.
 */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #component: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #known = new Map<string, { key: ObjectKey; count: number }>();

  constructor(options: { client: KubeClient; component: string; clock: Clock; random: Random; log: Log }) {
    this.#client = options.client;
    this.#component = options.component;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#log = options.log;
  }

  async record(kind: Kind, about: ApiObject, note: EventNote): Promise<void> {
    const identity = `${about.metadata.uid}\n${note.type}\n${note.reason}\n${note.message}`;
    try {
      const known = this.#known.get(identity);
      if (known) await this.#count(known);
      else await this.#create(kind, about, { note, identity });
    } catch (thrown) {
      this.#known.delete(identity);
      if (isNamespaceTerminating(thrown)) return;
      this.#log.warn("event was not recorded", { event: note.message, error: messageOf(thrown) });
    }
  }

  async #count(known: { key: ObjectKey; count: number }): Promise<void> {
    known.count++;
    const body = { count: known.count, lastTimestamp: timeText(this.#clock.wall()) };
    await this.#client.patch(EventKind, known.key, { type: "merge", body });
  }

  async #create(kind: Kind, about: ApiObject, fresh: { note: EventNote; identity: string }): Promise<void> {
    const { note, identity } = fresh;
    const at = timeText(this.#clock.wall());
    const namespace = about.metadata.namespace ?? "default";
    const name = `${about.metadata.name}.${randomSuffix(this.#random)}${randomSuffix(this.#random)}`;
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(identity, { key: { namespace, name }, count: 1 });
    const event: Event = {
      metadata: { namespace, name },
      involvedObject: {
        apiVersion: apiVersionOf(kind),
        kind: kind.kind,
        namespace,
        ...(about.metadata.name === undefined ? {} : { name: about.metadata.name }),
        ...(about.metadata.uid === undefined ? {} : { uid: about.metadata.uid }),
        ...(about.metadata.resourceVersion === undefined
          ? {}
          : { resourceVersion: about.metadata.resourceVersion }),
      },
      reason: note.reason,
      message: note.message,
      type: note.type,
      source: { component: this.#component },
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
      reportingComponent: this.#component,
      reportingInstance: "",
    };
    await this.#client.create(EventKind, event);
  }
}
