import assert from "node:assert/strict";
import {
  durationText,
  isWholeSeconds,
  parseDuration,
  roundToSeconds,
  truncateToSeconds,
} from "../../src/base/duration.ts";
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  quantityMilliValue,
  quantityText,
  quantityValue,
  subtractQuantities,
} from "../../src/base/quantity.ts";
import { type GoldenCase, judgeGolden } from "../support/golden.ts";
import { quantityExceptions } from "./quantities.exceptions.ts";

interface NumberCase extends GoldenCase {
  readonly kind: string;
  readonly text: string;
  readonly ns: string;
  readonly a: string;
  readonly b: string;
  readonly want: Readonly<Record<string, unknown>>;
}

function messageOr<T>(parse: () => T): T | string {
  try {
    return parse();
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

judgeGolden<NumberCase>({
  file: "autoscaler/durations.jsonl",
  exceptions: {},
  judge: ({ kind, text, ns, want }) => {
    if (kind === "text") {
      assert.equal(durationText(BigInt(ns)), want.text);
      return undefined;
    }
    const parsed = messageOr(() => parseDuration(text));
    if (typeof parsed === "string") {
      assert.equal(parsed, want.error);
      return undefined;
    }
    assert.equal(want.error, undefined);
    assert.equal(String(parsed), want.ns);
    assert.equal(durationText(parsed), want.text);
    assert.equal(String(roundToSeconds(parsed)), want.roundedToSecondsNs);
    assert.equal(String(truncateToSeconds(parsed)), want.truncatedToSecondsNs);
    assert.equal(isWholeSeconds(parsed), want.wholeSeconds);
    return undefined;
  },
});

judgeGolden<NumberCase>({
  file: "autoscaler/quantities.jsonl",
  exceptions: quantityExceptions,
  judge: ({ kind, text, a, b, want }) => {
    if (kind === "arithmetic") {
      const [left, right] = [parseQuantity(a), parseQuantity(b)];
      assert.equal(compareQuantities(left, right), want.compare);
      assert.equal(quantityText(addQuantities(left, right)), want.sum);
      assert.equal(quantityText(subtractQuantities(left, right)), want.difference);
      return undefined;
    }
    const parsed = messageOr(() => parseQuantity(text));
    if (typeof parsed === "string") {
      assert.equal(parsed, want.error);
      return undefined;
    }
    assert.equal(want.error, undefined);
    assert.equal(quantityText(parsed), want.canonical);
    assert.equal(String(quantityValue(parsed)), want.value);
    assert.equal(String(quantityMilliValue(parsed)), want.milliValue);
    assert.equal(parsed.format, want.format);
    return undefined;
  },
});
