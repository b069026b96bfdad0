/**
 * What clients and applications of a simulated run saw. Checkers read it; the engine never does. Events are in
 * the order of virtual time.
 */
export type SimEvent =
  | { readonly type: "sent"; readonly request: string; readonly service: string }
  | { readonly type: "answered"; readonly request: string; readonly service: string; readonly status: number }
  | { readonly type: "failed"; readonly request: string; readonly service: string; readonly why: string }
  | { readonly type: "app-started"; readonly pod: string; readonly service: string }
  | { readonly type: "app-ready"; readonly pod: string }
  | {
      readonly type: "app-received";
      readonly pod: string;
      readonly request: string;
      /** By its method and body it may be sent twice (docs/adr/0013). */
      readonly mayRepeat?: boolean;
    }
  | { readonly type: "app-answered"; readonly pod: string; readonly request: string }
  | { readonly type: "app-asked-to-stop"; readonly pod: string }
  | { readonly type: "app-ended"; readonly pod: string; readonly how: "crash" | "stopped" | "killed" };

export interface HistoryEntry {
  readonly atMs: number;
  readonly event: SimEvent;
}

export class History {
  readonly entries: HistoryEntry[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(event: SimEvent): void {
    this.entries.push({ atMs: this.#now(), event });
  }

  count(type: SimEvent["type"], matches: (event: SimEvent) => boolean = () => true): number {
    return this.entries.filter(({ event }) => event.type === type && matches(event)).length;
  }

  /** A digest of everything seen: the same seed must give the same text. */
  text(): string {
    return this.entries.map(({ atMs, event }) => `${atMs.toFixed(3)} ${JSON.stringify(event)}`).join("\n");
  }
}
