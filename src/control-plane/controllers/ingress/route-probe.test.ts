import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../../sim/virtual-clock.ts";
import { isServing, type ProbeAnswer, type ProbeQuestion, RouteProbe } from "./route-probe.ts";

const key = { namespace: "default", name: "hello" };
const question = (ip: string): ProbeQuestion => ({ ip, port: 8080, host: "hello.localhost" });

function probing(answer: (question: ProbeQuestion) => ProbeAnswer | Error) {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const woken: string[] = [];
  const prober = {
    async ask(asking: ProbeQuestion) {
      asked.push(asking.ip);
      const got = answer(asking);
      if (got instanceof Error) throw got;
      return got;
    },
  };
  const probe = new RouteProbe({ prober, clock });
  probe.start(({ name }) => woken.push(name), new AbortController().signal);
  return { clock, probe, asked, woken };
}

test("200 with the hash or without one is served; 404, 503 and another hash are not yet", () => {
  assert.ok(isServing({ status: 200, hash: "h" }, "h"));
  assert.ok(isServing({ status: 200, hash: undefined }, "h"));
  assert.ok(isServing({ status: 301, hash: undefined }, "h"));
  for (const status of [404, 503]) assert.ok(!isServing({ status, hash: undefined }, "h"));
  assert.ok(!isServing({ status: 200, hash: "old" }, "h"));
});

test("every replica must serve the rules; a failed one is asked again with growing pauses", async () => {
  let isUp = false;
  const { clock, probe, asked, woken } = probing(({ ip }) =>
    ip === "a" || isUp ? { status: 200, hash: "h" } : new Error("refused"),
  );
  const wanted = { hash: "h", questions: [question("a"), question("b")] };
  assert.ok(!probe.isServed(key, wanted));
  await clock.advance(160);
  assert.deepEqual(asked, ["a", "b", "b", "b"]);
  assert.deepEqual(woken, []);
  isUp = true;
  await clock.advance(1_000);
  assert.deepEqual(woken, ["hello"]);
  assert.ok(probe.isServed(key, wanted));
});

test("a new hash starts over and drops the old questions", async () => {
  const { clock, probe, asked } = probing(() => ({ status: 404, hash: undefined }));
  probe.isServed(key, { hash: "old", questions: [question("a")] });
  await clock.advance(10);
  probe.isServed(key, { hash: "new", questions: [question("b")] });
  asked.length = 0;
  await clock.advance(10_000);
  assert.ok(asked.length > 3);
  assert.ok(asked.every((ip) => ip === "b"));
  probe.forget(key);
  asked.length = 0;
  await clock.advance(100_000);
  assert.deepEqual(asked, []);
});

test("without any replica the rules count as served", () => {
  const { probe } = probing(() => new Error("never asked"));
  assert.ok(probe.isServed(key, { hash: "h", questions: [] }));
});

test("no more than 15 questions are in flight, and the first comes at once (G-025)", async () => {
  const clock = new VirtualClock();
  let inFlight = 0;
  let most = 0;
  const prober = {
    async ask(): Promise<ProbeAnswer> {
      most = Math.max(most, ++inFlight);
      await new Promise<void>((resolve) => clock.schedule(10, resolve));
      inFlight -= 1;
      return { status: 200, hash: "h" };
    },
  };
  const probe = new RouteProbe({ prober, clock });
  const questions = Array.from({ length: 40 }, (_, index) => question(`10.0.0.${index}`));
  assert.ok(!probe.isServed(key, { hash: "h", questions }));
  assert.equal(inFlight, 15);
  await clock.advance(30);
  assert.equal(most, 15);
  assert.ok(probe.isServed(key, { hash: "h", questions }));
});
