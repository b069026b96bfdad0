import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../base/random.ts";
import type { Backend } from "../backend.ts";
import type { PodTracker } from "./load-balance.ts";
import { type Admission, Throttle, type Waiter } from "./throttle.ts";

interface Model {
  readonly throttle: Throttle;
  limit: number;
  pods: Backend[];
  /** In order of arrival. */
  waiting: Waiter[];
  running: { waiter: Waiter; tracker: PodTracker }[];
  arrivals: number;
}

type Step = (model: Model) => void;

const BYTES = 10;
const BOUNDS = { requestsMax: 6, bytesMax: 1000 };

const backends = (count: number): Backend[] =>
  Array.from({ length: count }, (_, index) => ({
    ip: `10.0.0.${index + 1}`,
    port: 8012,
    podUid: `u${index}`,
  }));

const newWaiter = (): Waiter => ({
  heldBytes: BYTES,
  previous: undefined,
  following: undefined,
  listed: false,
});

function take(model: Model, admissions: readonly Admission[]): void {
  for (const { waiter, tracker } of admissions) {
    assert.equal(waiter, model.waiting.shift(), "first come, first served");
    model.running.push({ waiter, tracker });
  }
}

const arrive: Step = (model) => {
  const waiter = newWaiter();
  model.arrivals += 1;
  const outcome = model.throttle.arrive(waiter);
  if (outcome === "held") model.waiting.push(waiter);
  else if (outcome === "count-full") assert.equal(model.waiting.length, BOUNDS.requestsMax);
  else if (outcome === "bytes-full") assert.fail("bytes never run out here");
  else model.running.push({ waiter, tracker: outcome });
};

const release =
  (which: number): Step =>
  (model) => {
    const [done] = model.running.splice(which % Math.max(1, model.running.length), 1);
    if (done) take(model, model.throttle.release(done.tracker));
  };

const leave =
  (which: number): Step =>
  (model) => {
    const [gone] = model.waiting.splice(which % Math.max(1, model.waiting.length), 1);
    if (gone) model.throttle.leave(gone);
  };

const setPods =
  (count: number): Step =>
  (model) => {
    model.pods = backends(count);
    take(model, model.throttle.setPods(model.pods, model.limit));
  };

const comeBack =
  (which: number): Step =>
  (model) => {
    const [failed] = model.running.splice(which % Math.max(1, model.running.length), 1);
    if (!failed) return;
    take(model, model.throttle.release(failed.tracker));
    const outcome = model.throttle.comeBack(failed.waiter);
    if (outcome === "held") model.waiting.unshift(failed.waiter);
    else model.running.push({ waiter: failed.waiter, tracker: outcome });
  };

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant(arrive) },
    { weight: 3, arbitrary: fc.nat(20).map(release) },
    { weight: 1, arbitrary: fc.nat(20).map(leave) },
    { weight: 1, arbitrary: fc.nat(3).map(setPods) },
    { weight: 1, arbitrary: fc.nat(20).map(comeBack) },
  ),
  { maxLength: 80 },
);

test("no pod exceeds its limit, nobody waits beside a free pod, and the line is first come, first served", () => {
  fc.assert(
    fc.property(steps, fc.nat(6), fc.nat(), (run, limit, seed) => {
      const held = { total: 0, max: 1000 };
      const throttle = new Throttle({ random: seededRandom(seed), bounds: BOUNDS, held });
      const model: Model = { throttle, limit, pods: [], waiting: [], running: [], arrivals: 0 };
      throttle.setPods([], limit);
      for (const step of run) {
        step(model);
        const load = (backend: Backend) =>
          model.running.filter(({ tracker }) => tracker.backend.ip === backend.ip && tracker.open).length;
        if (limit > 0) for (const pod of model.pods) assert.ok(load(pod) <= limit);
        const roomy = model.pods.some((pod) => limit === 0 || load(pod) < limit);
        assert.ok(!(roomy && model.waiting.length > 0), "a request waits beside a free pod");
        assert.equal(throttle.waiting, model.waiting.length);
        assert.equal(held.total, model.waiting.length * BYTES);
      }
    }),
    { numRuns: 300 },
  );
});

test("a revision's and all revisions' held bytes are bounded", () => {
  const held = { total: 0, max: 25 };
  const options = { random: seededRandom(1), held };
  const first = new Throttle({ ...options, bounds: { requestsMax: 9, bytesMax: 15 } });
  const second = new Throttle({ ...options, bounds: { requestsMax: 9, bytesMax: 100 } });
  assert.equal(first.arrive(newWaiter()), "held");
  assert.equal(first.arrive(newWaiter()), "bytes-full");
  assert.equal(second.arrive(newWaiter()), "held");
  assert.equal(second.arrive(newWaiter()), "bytes-full");
});
