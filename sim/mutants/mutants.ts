/**
 * Deliberate defects that the simulation must catch. Each is an edit of one production module, made while it is loaded:
 * `find` must occur exactly once, so that a mutant cannot rot unnoticed.
 */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "forward-before-probe",
    file: "src/data-plane/activator/pod-set.ts",
    find: "return ready ? proven || this.trustsReady : proven && this.trustsProbes;",
    replace: "return true;",
  },
  {
    name: "drop-waiter-when-pod-dies",
    file: "src/data-plane/activator/revision-hold.ts",
    find: "return this.#throttle.comeBack(request);",
    replace: 'return "held";',
  },
  {
    name: "breaker-limit-plus-one",
    file: "src/http/breaker.ts",
    find: "this.#capacity = Math.min(initialCapacity, maxConcurrency);",
    replace: "this.#capacity = Math.min(initialCapacity, maxConcurrency) + 1;",
  },
  {
    name: "send-again-after-bytes-left",
    file: "src/http/upstream-connection.ts",
    find: "this.#sent = true;",
    replace: "this.#sent = false;",
  },
  {
    name: "forward-to-restarted-application",
    file: "src/embedded/node/pod-worker.ts",
    find: "if (restart > 0) await queueProxies.restarting(this.#uid);",
    replace: "",
  },
  {
    name: "scale-down-with-request-in-flight",
    file: "src/data-plane/queue-proxy/server.ts",
    find: "if (quietPeriodMs === 0) return drain.idle();",
    replace: "if (quietPeriodMs === 0) return Promise.resolve();",
  },
  {
    name: "hand-over-without-what-is-in-flight",
    file: "src/data-plane/queue-proxy/hand-over.ts",
    find: "while (this.#slots.length < slots) {",
    replace: "while (this.#slots.length < slots - 1) {",
  },
  {
    name: "slice-without-end",
    file: "src/kube/work-queue.ts",
    find: "if (this.depth > 0) this.#clock.schedule(0, () => this.#pump());",
    replace: "this.#pump();",
  },
];
