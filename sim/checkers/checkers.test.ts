import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEntry, SimEvent } from "../history.ts";
import { answeredOnce } from "./answered-once.ts";
import { concurrencyKept } from "./concurrency.ts";
import { drainedFirst } from "./drained-first.ts";
import { readyFirst } from "./ready-first.ts";
import { rightService } from "./right-service.ts";

const history = (...events: SimEvent[]): HistoryEntry[] => events.map((event, atMs) => ({ atMs, event }));
const facts = { concurrency: { hello: 1 } };
const started: SimEvent = { type: "app-started", pod: "p", service: "hello" };
const sent: SimEvent = { type: "sent", request: "r", service: "hello" };
const answered: SimEvent = { type: "answered", request: "r", service: "hello", status: 200 };
const received: SimEvent = { type: "app-received", pod: "p", request: "r" };
const done: SimEvent = { type: "app-answered", pod: "p", request: "r" };

test("a run without defect passes every checker", () => {
  const clean = history(started, sent, { type: "app-ready", pod: "p" }, received, done, answered);
  for (const checker of [answeredOnce, concurrencyKept, drainedFirst, readyFirst, rightService]) {
    assert.deepEqual(checker(clean, facts), []);
  }
});

test("a lost request, a second answer and a second delivery are each told", () => {
  assert.deepEqual(answeredOnce(history(sent), facts), ["0: r was never answered"]);
  assert.deepEqual(answeredOnce(history(sent, answered, answered), facts), ["2: r was answered twice"]);
  const twice = history(sent, received, { ...received, pod: "q" }, answered);
  assert.deepEqual(answeredOnce(twice, facts), ["2: r reached p and then q"]);
});

test("a second delivery is allowed to what may be repeated, once it is over where it came first", () => {
  const get: SimEvent = { type: "app-received", pod: "p", request: "r", mayRepeat: true };
  assert.deepEqual(answeredOnce(history(sent, get, done, get, answered), facts), []);
  const ended: SimEvent = { type: "app-ended", pod: "p", how: "crash" };
  assert.deepEqual(answeredOnce(history(sent, get, ended, { ...get, pod: "q" }, answered), facts), []);
  const twice = ["3: r reached p and then p"];
  assert.deepEqual(answeredOnce(history(sent, received, done, received, answered), facts), twice);
  const early = ["2: r reached p and then p"];
  assert.deepEqual(answeredOnce(history(sent, get, get, done, answered), facts), early);
});

test("one request more than the limit is told", () => {
  const over = history(started, received, { ...received, request: "s" });
  assert.deepEqual(concurrencyKept(over, facts), ["2: p works on 2 requests, its limit is 1"]);
});

test("a request before the probe and a stop during work are told", () => {
  assert.deepEqual(readyFirst(history(started, received), facts), [
    "1: r reached p before its probe had passed",
  ]);
  const stopped = history(received, { type: "app-asked-to-stop", pod: "p" });
  assert.deepEqual(drainedFirst(stopped, facts), ["1: p was stopped while working on r"]);
});

test("a request at another service's pod is told", () => {
  const astray = history(started, { ...sent, service: "other" }, received);
  assert.deepEqual(rightService(astray, facts), ["2: r reached p, which is another service's"]);
});
