import assert from "node:assert/strict";
import { test } from "node:test";
import { SliceBook } from "./slice-book.ts";

test("slices within the limit are neither counted nor told", () => {
  const book = new SliceBook();
  assert.equal(book.note({ longestMs: 4.9, overCount: 0 }, 0), undefined);
  assert.deepEqual(book.totals, { longestMs: 0, overCount: 0 });
});

test("a slice over the limit is told with the totals so far", () => {
  const book = new SliceBook();
  const news = book.note({ longestMs: 12, overCount: 2 }, 0);
  assert.deepEqual(news, {
    longestMs: 12,
    overCount: 2,
    isLoud: false,
    totals: { longestMs: 12, overCount: 2 },
  });
});

test("within a minute nothing more is told, and then all of it at once", () => {
  const book = new SliceBook();
  book.note({ longestMs: 12, overCount: 1 }, 0);
  assert.equal(book.note({ longestMs: 30, overCount: 3 }, 10_000), undefined);
  assert.equal(book.note({ longestMs: 3, overCount: 0 }, 59_999), undefined);
  const news = book.note({ longestMs: 3, overCount: 0 }, 60_000);
  assert.deepEqual(news, {
    longestMs: 30,
    overCount: 3,
    isLoud: false,
    totals: { longestMs: 30, overCount: 4 },
  });
});

test("one that a person feels is told at once, even after a quieter line", () => {
  const book = new SliceBook();
  book.note({ longestMs: 12, overCount: 1 }, 0);
  assert.equal(book.note({ longestMs: 250, overCount: 1 }, 10_000)?.isLoud, true);
  assert.equal(book.note({ longestMs: 400, overCount: 1 }, 20_000), undefined);
});
