import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import { type Log, silentLog } from "../../base/log.ts";
import type { Span } from "./span.ts";
import { SpanExporter } from "./span-exporter.ts";

function span(number: number): Span {
  const of = {
    traceId: "a",
    spanId: String(number),
    parentSpanId: undefined,
    name: "n",
    kind: "server" as const,
  };
  return { ...of, startMs: 0, endMs: 1, attributes: {}, isError: false };
}

function exporter(send: (spans: readonly Span[]) => Promise<void>) {
  const clock = new VirtualClock();
  const told: string[] = [];
  const log: Log = { ...silentLog, warn: (message, fields) => void told.push(`${message} ${fields?.spans}`) };
  return { clock, told, exporter: new SpanExporter({ clock, log, send }) };
}

test("spans are sent together after five seconds, or as soon as a batch is full", async () => {
  const sent: number[] = [];
  const { clock, exporter: spans } = exporter(async (batch) => void sent.push(batch.length));
  for (let number = 0; number < 3; number++) spans.add(span(number));
  await clock.advance(4_999);
  assert.deepEqual(sent, []);
  await clock.advance(1);
  assert.deepEqual(sent, [3]);
  for (let number = 0; number < 600; number++) spans.add(span(number));
  await clock.advance(0);
  assert.deepEqual(sent, [3, 512]);
  await clock.advance(5_000);
  assert.deepEqual(sent, [3, 512, 88]);
});

test("a collector that does not answer costs spans, which are counted, and no more memory", async () => {
  let answer = () => {};
  const sent: number[] = [];
  const {
    clock,
    told,
    exporter: spans,
  } = exporter((batch) => {
    sent.push(batch.length);
    return new Promise<void>((resolve) => {
      answer = resolve;
    });
  });
  for (let number = 0; number < 5_000; number++) spans.add(span(number));
  await clock.advance(60_000);
  assert.deepEqual(sent, [512], "one batch at a time");
  answer();
  await clock.advance(0);
  assert.deepEqual(sent, [512, 512]);
  assert.deepEqual(told, [`spans were lost: the collector is too slow ${5_000 - 512 - 2_048}`]);
});

test("a batch that is refused is lost and told, and the next one is sent", async () => {
  let failures = 1;
  const {
    clock,
    told,
    exporter: spans,
  } = exporter(() => (failures-- > 0 ? Promise.reject(new Error("no")) : Promise.resolve()));
  spans.add(span(1));
  await clock.advance(5_000);
  spans.add(span(2));
  await clock.until(spans.flush());
  assert.deepEqual(told, ["spans were lost 1"]);
});
