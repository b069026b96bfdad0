import assert from "node:assert/strict";
import { test } from "node:test";
import { HeaderBlock } from "../header-block.ts";
import { contextOf, isChosen, setContext } from "./trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const of = (...flat: string[]) => contextOf(new HeaderBlock(flat));

test("W3C's traceparent is read strictly", () => {
  assert.deepEqual(of("traceparent", `00-${TRACE}-${SPAN}-01`), {
    traceId: TRACE,
    spanId: SPAN,
    isSampled: true,
  });
  assert.equal(of("traceparent", `00-${TRACE}-${SPAN}-00`)?.isSampled, false);
  assert.equal(
    of("traceparent", `cc-${TRACE}-${SPAN}-01-more`)?.traceId,
    TRACE,
    "of a later version the known part",
  );
  for (const bad of [
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    "nonsense",
    "",
  ]) {
    assert.equal(of("traceparent", bad), undefined, bad);
  }
});

test("B3's headers are read where W3C's is missing or broken, in one line or in four", () => {
  const long = of("traceparent", "x", "X-B3-TraceId", TRACE, "X-B3-SpanId", SPAN, "X-B3-Sampled", "1");
  assert.deepEqual(long, { traceId: TRACE, spanId: SPAN, isSampled: true });
  assert.equal(
    of("X-B3-TraceId", SPAN, "X-B3-SpanId", SPAN, "X-B3-Flags", "1")?.traceId,
    "0".repeat(16) + SPAN,
  );
  assert.equal(of("b3", `${TRACE}-${SPAN}-d`)?.isSampled, true);
  assert.equal(of("b3", `${TRACE}-${SPAN}`)?.isSampled, false, "who says nothing is not recorded");
  assert.equal(of("b3", "0"), undefined);
  assert.equal(of("X-B3-TraceId", "xyz", "X-B3-SpanId", SPAN), undefined);
});

test("the next hop learns of its caller, by B3 too where the caller spoke it", () => {
  const context = { traceId: TRACE, spanId: SPAN, isSampled: true };
  const plain = new HeaderBlock();
  setContext(plain, context);
  assert.deepEqual([...plain], [["Traceparent", `00-${TRACE}-${SPAN}-01`]]);
  const b3 = new HeaderBlock(["x-b3-traceid", "old", "x-b3-spanid", "old", "b3", "old"]);
  setContext(b3, context);
  assert.equal(b3.get("x-b3-spanid"), SPAN);
  assert.equal(b3.get("b3"), `${TRACE}-${SPAN}-1`);
});

test("a rate chooses the same traces everywhere", () => {
  assert.equal(isChosen(TRACE, 1), true);
  assert.equal(isChosen(TRACE, 0), false);
  const half = `${"0".repeat(16)}7fffffffffffffff`;
  assert.equal(isChosen(half, 0.49), false);
  assert.equal(isChosen(half, 0.51), true);
});
