import { keyText, type ObjectKey } from "../../../api/object.ts";
import type { Clock, Timer } from "../../../base/clock.ts";

/**
 * The route probe: asks every gateway replica, for every host of an Ingress, whether it serves the new rules
 * (spec G-023…G-028, H-010). Only when all have said so once is the Ingress ready.
 */

/** One question to one replica. */
export interface ProbeQuestion {
  readonly ip: string;
  readonly port: number;
  readonly host: string;
}

/** What came back, or a rejection when nothing did. */
export interface ProbeAnswer {
  readonly status: number;
  /** Of the K-Network-Hash header; undefined when it is missing. */
  readonly hash: string | undefined;
}

export interface Prober {
  /** GET /healthz with the headers of a route probe; must give up after a second. */
  ask(question: ProbeQuestion, signal: AbortSignal): Promise<ProbeAnswer>;
}

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 30_000;
/** At once in flight, over all Ingresses (spec G-025). */
const WORKERS_MAX = 15;

interface Round {
  readonly hash: string;
  /** All that was ever asked. */
  readonly known: string[];
  /** Absent = every question was answered well: nearly always, so a round at rest is kept small. */
  asking?: Asking | undefined;
}

interface Asking {
  /** Not answered well yet, and when they are asked again. */
  readonly open: Map<string, Timer | undefined>;
  readonly ended: AbortController;
}

export class RouteProbe {
  readonly #prober: Prober;
  readonly #clock: Clock;
  readonly #rounds = new Map<string, Round>();
  readonly #waiting: (() => void)[] = [];
  #working = 0;
  #enqueue: (key: ObjectKey) => void = () => {};

  constructor(options: { prober: Prober; clock: Clock }) {
    this.#prober = options.prober;
    this.#clock = options.clock;
  }

  start(enqueue: (key: ObjectKey) => void, signal: AbortSignal): void {
    this.#enqueue = enqueue;
    signal.addEventListener("abort", () => {
      for (const key of [...this.#rounds.keys()]) this.#end(key);
    });
  }

  /**
   * True once every question was answered well for this hash; another hash starts over. Replicas that come later are
   * asked too, yet an Ingress that was ready stays so. No replica at all counts as ready (spec G-026).
   */
  isServed(key: ObjectKey, wanted: { hash: string; questions: readonly ProbeQuestion[] }): boolean {
    const text = keyText(key);
    let round = this.#rounds.get(text);
    if (round?.hash !== wanted.hash) {
      this.#end(text);
      round = { hash: wanted.hash, known: [] };
      this.#rounds.set(text, round);
    }
    const asked = new Map(wanted.questions.map((question) => [idOf(question), question]));
    for (const [id, timer] of round.asking?.open ?? []) {
      if (asked.has(id)) continue;
      timer?.cancel();
      answered(round, id);
    }
    for (const [id, question] of asked) {
      if (round.known.includes(id)) continue;
      round.known.push(id);
      round.asking ??= { open: new Map(), ended: new AbortController() };
      round.asking.open.set(id, undefined);
      this.#ask(key, question, { round, asking: round.asking, delayMs: RETRY_FIRST_MS });
    }
    return round.asking === undefined;
  }

  forget(key: ObjectKey): void {
    this.#end(keyText(key));
  }

  #end(text: string): void {
    const round = this.#rounds.get(text);
    if (!round) return;
    this.#rounds.delete(text);
    round.asking?.ended.abort();
    for (const timer of round.asking?.open.values() ?? []) timer?.cancel();
  }

  #ask(key: ObjectKey, question: ProbeQuestion, at: { round: Round; asking: Asking; delayMs: number }): void {
    const { round, asking } = at;
    const id = idOf(question);
    const isOver = () => asking.ended.signal.aborted || !asking.open.has(id);
    this.#run(async () => {
      if (isOver()) return;
      const isGood = await this.#isServing(question, round.hash, asking.ended.signal);
      if (isOver()) return;
      if (isGood) {
        answered(round, id);
        if (round.asking === undefined) this.#enqueue(key);
        return;
      }
      const delayMs = Math.min(at.delayMs * 2, RETRY_MAX_MS);
      const again = () => this.#ask(key, question, { ...at, delayMs });
      asking.open.set(id, this.#clock.schedule(at.delayMs, again));
    });
  }

  async #isServing(question: ProbeQuestion, hash: string, signal: AbortSignal): Promise<boolean> {
    try {
      return isServing(await this.#prober.ask(question, signal), hash);
    } catch {
      // A replica that does not answer does not serve: the retry is the report.
      return false;
    }
  }

  /** Runs the work when a worker is free. */
  #run(work: () => Promise<void>): void {
    const start = () => {
      this.#working++;
      void work().finally(() => {
        this.#working--;
        this.#waiting.shift()?.();
      });
    };
    if (this.#working < WORKERS_MAX) start();
    else this.#waiting.push(start);
  }
}

/** Closes a question of the round. */
function answered(round: Round, id: string): void {
  round.asking?.open.delete(id);
  if (round.asking?.open.size === 0) round.asking = undefined;
}

/** Not found, unavailable and another hash are "not yet"; a backend that knows no hash is taken as serving (G-024). */
export function isServing({ status, hash }: ProbeAnswer, wanted: string): boolean {
  if (status === 200) return hash === undefined || hash === wanted;
  return status !== 404 && status !== 503;
}

function idOf({ ip, port, host }: ProbeQuestion): string {
  return `${ip}:${port} ${host}`;
}
