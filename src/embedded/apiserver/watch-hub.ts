import { assert } from "../../base/assert.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { Interner } from "../../base/interner.ts";
import { freezeJson } from "../../base/json.ts";
import type { AnyObject } from "./any-object.ts";
import type { Revision, Storage } from "./storage/storage.ts";

/** A revision on its way to watchers; its texts are parsed at most once, and only when somebody must look inside. */
export class Change {
  readonly revision: Revision;
  readonly #parse: (text: string) => AnyObject;
  #object: AnyObject | undefined;
  #previous: AnyObject | undefined;

  constructor(revision: Revision, parse: (text: string) => AnyObject) {
    this.revision = revision;
    this.#parse = parse;
  }

  /** Shared by all watchers, and by the writer when it is a part of the engine: read only. */
  get object(): AnyObject {
    this.#object ??= this.#parse(this.revision.json);
    return this.#object;
  }

  get previous(): AnyObject | undefined {
    if (this.revision.previous === undefined) return undefined;
    this.#previous ??= this.#parse(this.revision.previous);
    return this.#previous;
  }

  /** Drops what was parsed: recent changes are kept as text only. */
  forget(): void {
    this.#object = undefined;
    this.#previous = undefined;
  }
}

export interface Subscription {
  readonly collection: string;
  /** Changes after this revision are delivered. */
  readonly from: number;
  /** True for everything outside the engine: only what the disk has. */
  readonly durable: boolean;
  readonly onChange: (change: Change) => void;
  /** Everything up to this revision has been delivered. */
  readonly onBookmark?: (revision: number) => void;
  readonly onBroken: (why: unknown) => void;
}

interface Handle {
  stopped: boolean;
  live: Subscription;
}

const RECENT_MAX = 1000;
const RECENT_TEXT_MAX = 2 * 1024 * 1024;
const REPLAY_PAGE = 200;
const DRAIN_MAX = 64;
const BOOKMARK_INTERVAL_MS = 60_000;

/**
 * Hands revisions to watchers, each exactly once and in order. A watcher first gets what it missed, from memory when
 * it missed little and from the log otherwise, and goes live in the turn in which it has caught up: no gap, no buffer.
 */
export class WatchHub {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #freezes: boolean;
  readonly #interner = new Interner();
  readonly #live = new Set<Subscription>();
  #recent: Change[] = [];
  #recentText = 0;
  /** Everything behind this revision is in `recent`. */
  #recentFrom = 0;
  #sequencedQueue: Change[] = [];
  #durableQueue: Change[] = [];
  /** How far live subscriptions have been served, inside and outside. */
  #served = { sequenced: 0, durable: 0 };
  #draining = false;
  #timer: Timer | undefined;

  /** `freezes`: whoever changes an object that is shared fails. For tests: it costs time. */
  constructor({ storage, clock, freezes = false }: { storage: Storage; clock: Clock; freezes?: boolean }) {
    this.#storage = storage;
    this.#clock = clock;
    this.#freezes = freezes;
  }

  start(): void {
    const now = this.#storage.sequenced;
    this.#recentFrom = now;
    this.#served = { sequenced: now, durable: now };
    this.#storage.onSequenced((revision) => {
      const change = new Change(revision, this.parseShared);
      this.#remember(change);
      this.#sequencedQueue.push(change);
      this.#durableQueue.push(change);
      this.#wake();
    });
    this.#storage.onDurable(() => this.#wake());
    this.#scheduleBookmarks();
  }

  stop(): void {
    this.#timer?.cancel();
    for (const subscription of this.#live) subscription.onBroken(undefined);
    this.#live.clear();
  }

  /** What was stored, for those inside the engine: read only, since equal parts of objects are one. */
  readonly parseShared = (text: string): AnyObject => {
    const object = this.#interner.intern(JSON.parse(text) as AnyObject);
    return this.#freezes ? freezeJson(object) : object;
  };

  /** The object of the revision that was sequenced last, as those get it who watch inside the engine: read only. */
  objectOf(revision: number): AnyObject {
    const change = this.#sequencedQueue.at(-1);
    assert(change?.revision.revision === revision, "a writer asks in the turn in which it wrote");
    return change.object;
  }

  /** Returns how to stop. */
  subscribe(subscription: Subscription): () => void {
    const handle: Handle = { stopped: false, live: subscription };
    void this.#catchUp(subscription, handle).catch((why) => {
      if (!handle.stopped) subscription.onBroken(why);
    });
    return () => {
      handle.stopped = true;
      this.#live.delete(handle.live);
    };
  }

  async #catchUp(subscription: Subscription, handle: Handle): Promise<void> {
    let from = subscription.from;
    while (!handle.stopped) {
      const target = subscription.durable ? this.#served.durable : this.#served.sequenced;
      if (from >= this.#recentFrom || from >= target) {
        for (const change of this.#recent) {
          const { revision, key } = change.revision;
          if (revision > from && revision <= target && key.collection === subscription.collection)
            subscription.onChange(change);
        }
        if (handle.stopped) return;
        if (from > target) handle.live = laterThan(subscription, from);
        this.#live.add(handle.live);
        return;
      }
      const query = { collection: subscription.collection, after: from, upTo: target, limit: REPLAY_PAGE };
      const missed = await this.#storage.changes(query);
      if (handle.stopped) return;
      for (const revision of missed) subscription.onChange(new Change(revision, this.parseShared));
      from = missed.length === 0 ? target : (missed.at(-1)?.revision ?? target);
    }
  }

  #remember(change: Change): void {
    this.#recent.push(change);
    this.#recentText += change.revision.json.length;
    if (this.#recent.length <= RECENT_MAX && this.#recentText <= RECENT_TEXT_MAX) return;
    const dropped = this.#recent.splice(0, Math.ceil(this.#recent.length / 4));
    for (const { revision } of dropped) {
      this.#recentText -= revision.json.length;
      this.#recentFrom = revision.revision;
    }
  }

  #wake(): void {
    if (this.#draining) return;
    this.#draining = true;
    queueMicrotask(() => this.#drain());
  }

  /** A bounded number of changes per turn, so that a burst of writes does not hold up everything else. */
  #drain(): void {
    this.#draining = false;
    const inside = this.#sequencedQueue.splice(0, DRAIN_MAX);
    this.#deliver(inside, false);
    const durable = this.#storage.durable;
    let ready = 0;
    while (ready < DRAIN_MAX && (this.#durableQueue[ready]?.revision.revision ?? Infinity) <= durable)
      ready++;
    this.#deliver(this.#durableQueue.splice(0, ready), true);
    const more = (this.#durableQueue[0]?.revision.revision ?? Infinity) <= durable;
    if (this.#sequencedQueue.length === 0 && !more) return;
    this.#draining = true;
    this.#clock.schedule(0, () => this.#drain());
  }

  #deliver(changes: readonly Change[], durable: boolean): void {
    for (const change of changes) {
      if (durable) this.#served.durable = change.revision.revision;
      else this.#served.sequenced = change.revision.revision;
      for (const subscription of this.#live)
        if (subscription.durable === durable && subscription.collection === change.revision.key.collection)
          subscription.onChange(change);
      change.forget();
    }
  }

  #scheduleBookmarks(): void {
    this.#timer = this.#clock.schedule(BOOKMARK_INTERVAL_MS, () => {
      for (const subscription of this.#live)
        subscription.onBookmark?.(subscription.durable ? this.#served.durable : this.#served.sequenced);
      this.#scheduleBookmarks();
    });
  }
}

/** A watch from a revision that does not exist yet stays silent until it does. */
function laterThan(subscription: Subscription, from: number): Subscription {
  const { onBookmark: _, ...rest } = subscription;
  return {
    ...rest,
    onChange(change) {
      if (change.revision.revision > from) subscription.onChange(change);
    },
  };
}
