import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  quantityMilliValue,
  quantityText,
  quantityValue,
  subtractQuantities,
} from "./quantity.ts";

const NAIVE: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  e3: 1e3,
  "E-2": 1e-2,
};

const written = fc
  .record({
    sign: fc.constantFrom("", "-", "+"),
    whole: fc.nat(99_999),
    fraction: fc.option(fc.nat(999), { nil: undefined }),
    suffix: fc.constantFrom(...Object.keys(NAIVE)),
  })
  .map(({ sign, whole, fraction, suffix }) => {
    const number = `${sign}${whole}${fraction === undefined ? "" : `.${fraction}`}`;
    return { text: `${number}${suffix}`, naive: Number(number) * (NAIVE[suffix] ?? 0) };
  });

test("a quantity is its number times its suffix, to a billionth", () => {
  fc.assert(
    fc.property(written, ({ text, naive }) => {
      const got = Number(parseQuantity(text).nanos) / 1e9;
      assert.ok(Math.abs(got - naive) <= 1e-9 + Math.abs(naive) * 1e-12, `${text}: ${got}`);
    }),
  );
});

test("the text that the API shows is read as the same quantity and stays as it is", () => {
  fc.assert(
    fc.property(written, ({ text }) => {
      const shown = quantityText(parseQuantity(text));
      const again = parseQuantity(shown);
      assert.equal(again.nanos, parseQuantity(text).nanos, `${text} was shown as ${shown}`);
      assert.equal(quantityText(again), shown);
    }),
  );
});

test("sums and differences undo each other, and order follows the difference's sign", () => {
  fc.assert(
    fc.property(written, written, (one, other) => {
      const [a, b] = [parseQuantity(one.text), parseQuantity(other.text)];
      assert.equal(subtractQuantities(addQuantities(a, b), b).nanos, a.nanos);
      const sign = subtractQuantities(a, b).nanos;
      assert.equal(compareQuantities(a, b), sign < 0n ? -1 : sign > 0n ? 1 : 0);
      assert.equal(compareQuantities(a, b) + compareQuantities(b, a), 0);
    }),
  );
});

test("whole units and thousandths are rounded away from zero where an int64 holds the number", () => {
  assert.equal(quantityValue(parseQuantity("1001m")), 2n);
  assert.equal(quantityValue(parseQuantity("-1001m")), -2n);
  assert.equal(quantityMilliValue(parseQuantity("100u")), 1n);
  assert.equal(quantityValue(parseQuantity("2Gi")), 2n ** 31n);
});

test("beyond int64 nothing is left, or the number wraps, as in Kubernetes", () => {
  assert.equal(quantityValue(parseQuantity("100E")), 0n);
  assert.equal(quantityValue(parseQuantity("99999999999999999k")), BigInt.asIntN(64, 99999999999999999000n));
  assert.equal(quantityValue(parseQuantity("-4Ei")), 0n);
  assert.equal(quantityText(parseQuantity("100E")), "100E");
  assert.equal(quantityText(parseQuantity("9Ei")), "9223372036854775807");
  assert.equal(quantityText(addQuantities(parseQuantity("0e2000000000"), parseQuantity("0"))), "0");
});
