import assert from "node:assert/strict";
import { test } from "node:test";
import { type Effect, newPod, type PodEvent, step, wakeAtMs } from "./pod-lifecycle.ts";
import { podStatus } from "./pod-status.ts";

/** A pod that is told events at given times, with the probes it asks for. */
class Story {
  readonly probes: string[] = [];
  readonly effects: string[] = [];
  readonly #spec;
  #nowMs = 0;
  #state;

  constructor(periodSeconds: number) {
    const readinessProbe = { httpGet: { port: 8012 }, periodSeconds };
    this.#spec = {
      containers: [
        { name: "user-container", image: "a" },
        { name: "queue-proxy", image: "q", readinessProbe },
      ],
    };
    this.#state = newPod(this.#spec, this.#now());
    this.take({ type: "begin" }, { type: "addressed", ip: "127.1.1.1" });
  }

  take(...events: readonly PodEvent[]): this {
    for (const event of events) {
      const { state, effects } = step(this.#state, event, this.#now());
      this.#state = state;
      for (const effect of effects) this.#note(effect);
    }
    return this;
  }

  /** Time passes, with every tick in it. */
  pass(ms: number): this {
    const untilMs = this.#nowMs + ms;
    while (wakeAtMs(this.#state) <= untilMs) {
      this.#nowMs = Math.max(this.#nowMs, wakeAtMs(this.#state));
      this.take({ type: "tick" });
    }
    this.#nowMs = untilMs;
    return this;
  }

  get status() {
    const pod = { metadata: { name: "p", namespace: "n", uid: "u" }, spec: this.#spec };
    return podStatus(this.#state, pod, { nowMs: 2_000_000, hostIp: "127.0.0.1" });
  }

  get isReady(): boolean {
    const { conditions } = this.status;
    return conditions?.find(({ type }) => type === "Ready")?.status === "True";
  }

  #now() {
    return { wallMs: 1_000_000 + this.#nowMs, monotonicMs: this.#nowMs };
  }

  #note(effect: Effect): void {
    this.effects.push(effect.type === "signal" ? effect.signal : effect.type);
    if (effect.type === "probe") this.probes.push(`${effect.container} at ${this.#nowMs}`);
  }
}

const started = (container: string, restart = 0): PodEvent => ({
  type: "started",
  container,
  restart,
  imageId: "i",
  atMs: 1,
});
const probed = (success: boolean): PodEvent => ({
  type: "probed",
  container: "queue-proxy",
  restart: 0,
  probe: "readiness",
  success,
});
const crashed: PodEvent = { type: "exited", container: "user-container", restart: 0, exitCode: 1, atMs: 1 };

const readyPod = (periodSeconds = 10) => {
  const story = new Story(periodSeconds).take(started("user-container"), started("queue-proxy"));
  assert.deepEqual(story.probes, ["queue-proxy at 0"]);
  return story.take(probed(true));
};

test("a pod whose program was restarted is not Ready before its queue-proxy has been asked again", () => {
  const story = readyPod();
  assert.equal(story.isReady, true);
  story.pass(3_000).take(crashed);
  assert.equal(story.isReady, false);
  story.take(started("user-container", 1));
  assert.equal(story.isReady, false, "the program runs, but nobody has seen it answer");
  assert.equal(story.probes.at(-1), "queue-proxy at 3000", "it is asked at once, not after its period");
  story.take(probed(false));
  assert.equal(story.isReady, false);
  story.pass(10_000).take(probed(true));
  assert.equal(story.isReady, true);
});

test("an answer to what was asked before the restart does not make the pod Ready", () => {
  const story = readyPod(1).pass(1_000);
  assert.deepEqual(story.probes, ["queue-proxy at 0", "queue-proxy at 1000"]);
  story.take(crashed, started("user-container", 1), probed(true));
  assert.equal(story.isReady, false);
  assert.deepEqual(story.probes.slice(2), ["queue-proxy at 1000"], "it is asked again at once");
  story.take(probed(true));
  assert.equal(story.isReady, true);
});

test("a pod whose program cannot be started goes when it is deleted, without waiting for a start", () => {
  const now = { wallMs: 1_000_000, monotonicMs: 0 };
  let state = newPod({ containers: [{ name: "app", image: "nowhere" }] }, now);
  const failed = {
    type: "start-failed",
    container: "app",
    restart: 0,
    reason: "ErrImagePull",
    message: "none",
  };
  const events = [
    { type: "begin" },
    { type: "addressed", ip: "127.1.1.1" },
    failed,
    { type: "deleted", graceMs: 30_000 },
    { type: "drained" },
  ] as const;
  const effects: Effect[] = [];
  for (const event of events) {
    const next = step(state, event as PodEvent, now);
    state = next.state;
    effects.push(...next.effects);
  }
  assert.equal(effects.at(-1)?.type, "finish");
});

test("an evicted pod is Failed at once, frees what it took when its programs have ended, and starts nothing again", () => {
  const story = readyPod();
  story.take({ type: "evicted", message: "too much" });
  const { phase, reason, message, conditions } = story.status;
  assert.deepEqual([phase, reason, message], ["Failed", "Evicted", "too much"]);
  assert.equal(conditions?.find(({ type }) => type === "DisruptionTarget")?.reason, "TerminationByKubelet");
  assert.equal(story.isReady, false);
  assert.deepEqual(story.effects.slice(-1), ["SIGKILL"]);
  story.take({ ...crashed, exitCode: 137 } as PodEvent);
  assert.deepEqual(story.effects.slice(-2), ["SIGKILL", "retire"]);
  const before = story.effects.length;
  story.take({ type: "evicted", message: "again" }, probed(true)).pass(600_000);
  assert.deepEqual(story.effects.slice(before), []);
  story.take({ type: "deleted", graceMs: 0 });
  assert.deepEqual(story.effects.slice(before), ["finish"]);
});

test("a pod that is evicted while its program starts kills it as soon as it runs", () => {
  const story = new Story(10).take({ type: "evicted", message: "too much" });
  assert.ok(!story.effects.includes("retire"));
  story.take(started("user-container"));
  assert.deepEqual(story.effects.slice(-1), ["SIGKILL"]);
});

test("a restarted program that ends before its start is known is restarted again, after its back-off", () => {
  const story = readyPod().take(crashed);
  story.take({ type: "exited", container: "user-container", restart: 1, exitCode: 1, atMs: 2 });
  story.take(started("user-container", 1));
  assert.equal(story.status.containerStatuses?.[0]?.state?.waiting?.reason, "CrashLoopBackOff");
  const starts = () => story.effects.filter((effect) => effect === "start").length;
  const before = starts();
  story.pass(11_000);
  assert.equal(starts(), before + 1);
});
