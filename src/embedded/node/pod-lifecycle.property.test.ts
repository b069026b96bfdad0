import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Effect, newPod, type PodEvent, type PodState, step, wakeAtMs } from "./pod-lifecycle.ts";
import { podStatus } from "./pod-status.ts";

const probe = { tcpSocket: { port: 1 }, periodSeconds: 1, failureThreshold: 1 };
const SPEC = {
  terminationGracePeriodSeconds: 5,
  containers: [
    { name: "user-container", image: "a", livenessProbe: probe },
    { name: "queue-proxy", image: "q", readinessProbe: probe },
  ],
};

const container = fc.constantFrom("user-container", "queue-proxy");
const restart = fc.nat(3);
const event: fc.Arbitrary<PodEvent> = fc.oneof(
  fc.constant<PodEvent>({ type: "addressed", ip: "127.1.1.1" }),
  fc.constant<PodEvent>({ type: "address-failed", message: "none" }),
  fc.record({
    type: fc.constant("started" as const),
    container,
    restart,
    imageId: fc.constant("i"),
    atMs: fc.constant(1),
  }),
  fc.record({
    type: fc.constant("start-failed" as const),
    container,
    restart,
    reason: fc.constant("ErrImagePull"),
    message: fc.constant("m"),
    ended: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("exited" as const),
    container: fc.constant("user-container"),
    restart,
    exitCode: fc.nat(2),
    atMs: fc.constant(1),
  }),
  fc.record({
    type: fc.constant("probed" as const),
    container,
    restart,
    probe: fc.constantFrom("liveness" as const, "readiness" as const),
    success: fc.boolean(),
  }),
  fc.record({ type: fc.constant("deleted" as const), graceMs: fc.constantFrom(0, 1_000, 5_000) }),
  fc.constant<PodEvent>({ type: "drained" }),
);

/** Runs events and passing time; tells every effect in order. */
function run(
  events: readonly { event: PodEvent; afterMs: number }[],
  observe: (state: PodState, effect: Effect) => void,
) {
  let nowMs = 0;
  const now = () => ({ wallMs: 1_000_000 + nowMs, monotonicMs: nowMs });
  let state = newPod(SPEC, now());
  const take = (given: PodEvent) => {
    const next = step(state, given, now());
    state = next.state;
    for (const effect of next.effects) observe(state, effect);
  };
  take({ type: "begin" });
  for (const { event: given, afterMs } of events) {
    const untilMs = nowMs + afterMs;
    for (let ticks = 0; ticks < 50 && wakeAtMs(state) <= untilMs; ticks++) {
      nowMs = Math.max(nowMs, wakeAtMs(state));
      take({ type: "tick" });
    }
    nowMs = untilMs;
    take(given);
  }
  return { state, take, advance: (ms: number) => (nowMs += ms) };
}

const story = fc.array(fc.record({ event, afterMs: fc.nat(20_000) }), { maxLength: 40 });

test("a run is started once, nothing starts after the deletion, and the pod finishes at most once", () => {
  fc.assert(
    fc.property(story, (events) => {
      const started = new Map<string, number>();
      let finished = 0;
      run(events, (state, effect) => {
        if (effect.type === "finish") finished++;
        if (effect.type !== "start") return;
        assert.equal(state.phase, "active");
        const key = `${effect.container}/${effect.restart}`;
        // A start that failed for want of an image is tried again under the same number, an ended run never is.
        const life = state.containers.find(({ name }) => name === effect.container);
        assert.notEqual(life?.life.phase, "running");
        started.set(key, (started.get(key) ?? 0) + 1);
        assert.equal(finished, 0);
      });
      assert.ok(finished <= 1);
    }),
    { numRuns: 500 },
  );
});

test("a pod deleted while a program is started anew finishes only when that run has ended too", () => {
  const finishedAfter: string[] = [];
  const restarting: PodEvent[] = [
    { type: "addressed", ip: "127.1.1.1" },
    { type: "started", container: "user-container", restart: 0, imageId: "i", atMs: 1 },
    { type: "exited", container: "user-container", restart: 0, exitCode: 1, atMs: 1 },
    { type: "deleted", graceMs: 5_000 },
    { type: "drained" },
    { type: "started", container: "user-container", restart: 1, imageId: "i", atMs: 1 },
    { type: "exited", container: "user-container", restart: 1, exitCode: 143, atMs: 1 },
  ];
  let last = "";
  const { take } = run([], (_, effect) => {
    if (effect.type === "finish") finishedAfter.push(last);
  });
  for (const given of restarting) {
    last = `${given.type} ${"restart" in given ? given.restart : ""}`;
    take(given);
  }
  assert.deepEqual(finishedAfter, ["exited 1"]);
});

test("the status can be written at any time, and Ready needs every container ready and the pod to stay", () => {
  fc.assert(
    fc.property(story, (events) => {
      const { state } = run(events, () => {});
      const pod = { metadata: { name: "p", namespace: "n", uid: "u" }, spec: SPEC };
      const status = podStatus(state, pod, { nowMs: 2_000_000, hostIp: "127.0.0.1" });
      const ready = status.conditions?.find(({ type }) => type === "Ready")?.status === "True";
      assert.equal(
        ready,
        state.phase === "active" && status.containerStatuses?.every((one) => one.ready) === true,
      );
      for (const one of status.containerStatuses ?? [])
        assert.equal(Object.keys(one.state ?? {}).length, 1, JSON.stringify(one));
    }),
    { numRuns: 500 },
  );
});

test("a deleted pod always ends once its programs have", () => {
  fc.assert(
    fc.property(story, (events) => {
      let finished = 0;
      const {
        take,
        advance,
        state: before,
      } = run(events, (_, effect) => {
        if (effect.type === "finish") finished++;
      });
      if (before.phase === "finished") return;
      take({ type: "deleted", graceMs: 1_000 });
      take({ type: "drained" });
      for (const { name, restart: current } of before.containers) {
        // A start under way comes back first, one way or the other.
        take({ type: "started", container: name, restart: current, imageId: "", atMs: 1 });
        take({ type: "exited", container: name, restart: current, exitCode: 143, atMs: 1 });
      }
      advance(10_000);
      take({ type: "tick" });
      assert.equal(finished, 1);
    }),
    { numRuns: 500 },
  );
});
