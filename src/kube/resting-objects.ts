import type { ApiObject, Stored } from "../api/object.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { Packer } from "./packer.ts";

/** An object that nobody asked for during one of these is packed at the end of the next. */
const PERIOD_MS = 10_000;
/** So many are whole at most, however busy all of them are: what a thousand Services need while they become Ready. */
const WHOLE_MAX = 3_000;
/** Packed in one turn: about 2 ms. */
const SLICE = 64;

/** One for all caches of the process: those of one kind have the same objects. */
const packer = new Packer();

/**
 * The objects of a cache by key. Those in use are whole; the others rest, packed, and are unpacked when they are asked
 * for: a cache is asked for all of its objects at a start and for few of them ever after (docs/adr/0014).
 */
export class RestingObjects<T extends ApiObject> {
  readonly #kind: string;
  readonly #clock: Clock;
  readonly #objects = new Map<string, Stored<T> | string>();
  /** Keys of whole objects and the period of their last use, the oldest first. */
  readonly #whole = new Map<string, number>();
  #period = 0;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(kind: string, clock: Clock) {
    this.#kind = kind;
    this.#clock = clock;
  }

  get(key: string): Stored<T> | undefined {
    const found = this.#objects.get(key);
    if (found === undefined) return undefined;
    this.#use(key);
    if (typeof found !== "string") return found;
    const object = packer.unpack(found) as Stored<T>;
    this.#objects.set(key, object);
    return object;
  }

  set(key: string, object: Stored<T>): void {
    this.#objects.set(key, object);
    this.#use(key);
  }

  delete(key: string): void {
    this.#objects.delete(key);
    this.#whole.delete(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  /** All of them, without waking those that rest. */
  *entries(): Generator<[string, Stored<T>]> {
    for (const [key, found] of this.#objects)
      yield [key, typeof found === "string" ? (packer.unpack(found) as Stored<T>) : found];
  }

  /** No timer is left behind or made again; what is whole stays so. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #use(key: string): void {
    if (this.#whole.get(key) === this.#period) return;
    this.#whole.delete(key);
    this.#whole.set(key, this.#period);
    if (this.#whole.size > WHOLE_MAX) {
      const [oldest] = this.#whole.keys();
      if (oldest !== undefined) this.#rest(oldest);
    }
    if (this.#isStopped) return;
    this.#timer ??= this.#clock.schedule(PERIOD_MS, () => this.#endPeriod());
  }

  #endPeriod(): void {
    this.#period++;
    this.#restSome();
  }

  /** Packs what was not used in the whole period before this one, in turns of their own. */
  #restSome(): void {
    this.#timer = undefined;
    let left = SLICE;
    for (const [key, used] of this.#whole) {
      if (used >= this.#period - 1) break;
      if (left-- === 0) {
        this.#timer = this.#clock.schedule(0, () => this.#restSome());
        return;
      }
      this.#rest(key);
    }
    if (this.#whole.size > 0) this.#timer = this.#clock.schedule(PERIOD_MS, () => this.#endPeriod());
  }

  #rest(key: string): void {
    this.#whole.delete(key);
    const object = this.#objects.get(key);
    if (object !== undefined && typeof object !== "string")
      this.#objects.set(key, packer.pack(this.#kind, object));
  }
}
