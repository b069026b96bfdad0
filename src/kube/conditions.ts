import type { Condition } from "../api/object.ts";

/** The conditions of one kind: those that must all be True for `happy` to be True; any other is informational. */
export interface ConditionSet {
  readonly happy: string;
  readonly dependents: readonly string[];
}

export function livingSet(...dependents: string[]): ConditionSet {
  return { happy: "Ready", dependents };
}

/** Why a condition has its status. */
export interface Because {
  readonly reason?: string;
  readonly message?: string;
}

/**
 * The conditions of one object while a reconciler decides about them (spec A-035…A-040). A value of one decision:
 * made from what is stored, marked, and read out with `list`. Times of changed conditions are left to the loop.
 */
export class Conditions {
  readonly #set: ConditionSet;
  readonly #byType = new Map<string, Condition>();
  /** Types in the order in which they changed in this decision, newest last. */
  #changed: string[] = [];

  constructor(set: ConditionSet, stored: readonly Condition[] | undefined) {
    this.#set = set;
    for (const condition of stored ?? []) this.#byType.set(condition.type, condition);
    const happy = this.get(set.happy);
    if (!happy) this.#put({ type: set.happy, status: "Unknown" });
    for (const type of set.dependents)
      if (!this.get(type)) this.#put({ type, status: happy?.status === "True" ? "True" : "Unknown" });
  }

  get(type: string): Condition | undefined {
    return this.#byType.get(type);
  }

  is(type: string, status: Condition["status"]): boolean {
    return this.get(type)?.status === status;
  }

  list(): Condition[] {
    return [...this.#byType.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
  }

  /** Then `happy` follows the worst of the dependents; of equally bad ones the newest (spec A-038). */
  markTrue(type: string, because: Because = {}): void {
    this.#put(this.#made(type, "True", because));
    if (type === this.#set.happy) return;
    const worst = this.#worst();
    if (worst) this.#put({ ...worst, type: this.#set.happy });
    else if (!this.is(this.#set.happy, "True")) this.#put({ type: this.#set.happy, status: "True" });
  }

  /** A dependent that is False trumps Unknown, yet `happy` then tells this reason (spec A-039). */
  markUnknown(type: string, because: Because = {}): void {
    this.#put(this.#made(type, "Unknown", because));
    const { happy, dependents } = this.#set;
    if (dependents.some((dependent) => this.is(dependent, "False"))) {
      if (!this.is(happy, "False")) this.#put(this.#made(happy, "False", because));
    } else if (dependents.includes(type)) this.#put(this.#made(happy, "Unknown", because));
  }

  markFalse(type: string, because: Because = {}): void {
    this.#put(this.#made(type, "False", because));
    if (this.#set.dependents.includes(type)) this.#put(this.#made(this.#set.happy, "False", because));
  }

  /** As the value says. */
  mark(type: string, { status, ...because }: Because & Pick<Condition, "status">): void {
    if (status === "True") this.markTrue(type, because);
    else if (status === "False") this.markFalse(type, because);
    else this.markUnknown(type, because);
  }

  /** Gives `type` the status, reason and message of another object's condition; nothing when there is none. */
  mirror(type: string, other: Condition | undefined): void {
    if (!other) return;
    if (other.status === "True") this.markTrue(type);
    else this.mark(type, other);
  }

  #made(type: string, status: Condition["status"], { reason, message }: Because): Condition {
    const counts = type === this.#set.happy || this.#set.dependents.includes(type);
    return {
      type,
      status,
      ...(reason ? { reason } : {}),
      ...(message ? { message } : {}),
      ...(counts ? {} : { severity: "Info" }),
    };
  }

  #put(condition: Condition): void {
    const known = this.get(condition.type);
    if (known && sameWords(known, condition)) return;
    const { lastTransitionTime: _, ...words } = condition;
    this.#byType.set(condition.type, words);
    this.#changed = [...this.#changed.filter((type) => type !== condition.type), condition.type];
  }

  #worst(): Condition | undefined {
    const present = this.#set.dependents.flatMap((type) => this.get(type) ?? []);
    const newestFirst = present.sort((a, b) => this.#compareAge(b, a));
    const missing: Condition[] =
      present.length < this.#set.dependents.length ? [{ type: this.#set.happy, status: "Unknown" }] : [];
    return (
      newestFirst.find(({ status }) => status === "False") ??
      newestFirst.find(({ status }) => status === "Unknown") ??
      missing[0]
    );
  }

  /** Negative when `a` is older: changed now beats stored, later beats earlier. */
  #compareAge(a: Condition, b: Condition): number {
    const order = this.#changed.indexOf(a.type) - this.#changed.indexOf(b.type);
    if (order !== 0) return order;
    return (a.lastTransitionTime ?? "") < (b.lastTransitionTime ?? "") ? -1 : 1;
  }
}

/** Ready is True, and about the object as it now is (spec A-044). */
export function isReady(object: ObservedObject): boolean {
  return readyOf(object)?.status === "True" && isObserved(object);
}

export function isFailed(object: ObservedObject): boolean {
  return readyOf(object)?.status === "False" && isObserved(object);
}

/** The status describes the present generation. */
export function isObserved({ metadata, status }: ObservedObject): boolean {
  return (status?.observedGeneration ?? 0) === (metadata.generation ?? 0);
}

export function readyOf({ status }: ObservedObject): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === "Ready");
}

interface ObservedObject {
  readonly metadata: { readonly generation?: number };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

function sameWords(left: Condition, right: Condition): boolean {
  return (
    left.status === right.status &&
    (left.reason ?? "") === (right.reason ?? "") &&
    (left.message ?? "") === (right.message ?? "") &&
    (left.severity ?? "") === (right.severity ?? "")
  );
}
