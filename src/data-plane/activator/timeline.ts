import type { Moment, Timeline } from "../../api/wire/hosting.ts";
import type { Backend } from "../backend.ts";

export interface TimelineDraftOptions {
  readonly requestId: string;
  readonly namespace: string;
  readonly revision: string;
  readonly receivedMs: number;
  readonly momentsOf?: (podUid: string) => Timeline["moments"];
  readonly onDone: (timeline: Timeline) => void;
}

/** The record of one request that had to wait, until its first byte (DESIGN §4, Timeline). */
export class TimelineDraft {
  readonly #options: TimelineDraftOptions;
  #podUid = "";
  #forwardedMs: number | undefined;
  #done = false;

  constructor(options: TimelineDraftOptions) {
    this.#options = options;
  }

  sentTo(backend: Backend): void {
    this.#podUid = backend.podUid ?? "";
  }

  forwarded(nowMs: number): void {
    this.#forwardedMs = nowMs;
  }

  answered(nowMs: number): void {
    if (this.#done) return;
    this.#done = true;
    const { requestId, namespace, revision, receivedMs, momentsOf, onDone } = this.#options;
    const moments: Partial<Record<Moment, number>> = { received: receivedMs };
    // A pod that was there before tells nothing of this wait.
    for (const [name, atMs] of Object.entries(momentsOf?.(this.#podUid) ?? {})) {
      if (atMs !== undefined && atMs >= receivedMs) moments[name as Moment] = atMs;
    }
    if (this.#forwardedMs !== undefined) moments.forwarded = this.#forwardedMs;
    moments.firstByte = nowMs;
    onDone({ requestId, namespace, revision, podUid: this.#podUid, moments });
  }
}
