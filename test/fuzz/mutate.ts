/** Changes bytes as a fuzzer does: flips, cuts, repeats, and words that decoders are known to stumble over. */
export type Draw = (below: number) => number;

const WORDS = [
  "__proto__",
  "constructor",
  "$patch",
  "delete",
  "replace",
  "$retainKeys",
  "$setElementOrder/containers",
  "$deleteFromPrimitiveList/",
  "null",
  "true",
  "[]",
  "{}",
  "[[",
  "-1",
  "1e999",
  "1e-999",
  "9007199254740993",
  "-9223372036854775809",
  "0.1",
  '""',
  '"\\ud800"',
  '"\\u0000"',
  "\ufeff",
  "&a",
  "*a",
  "<<: ",
  "!!binary ",
  "--- ",
  "%2F",
  "%00",
  "..",
  "metadata",
  "managedFields",
  "resourceVersion",
  "f:metadata",
  "k:{",
  "/-",
  "~1",
  "~",
  "watch=1&",
  "limit=",
  "continue=",
  "\xff\xfe",
  "\x80",
  "\n",
  " ",
  ",",
  ":",
  '"',
];

export function mutate(input: Buffer, other: Buffer, draw: Draw): Buffer {
  let changed = input;
  for (let count = 1 + draw(4); count > 0; count--) changed = mutateOnce(changed, other, draw);
  return changed.subarray(0, 16 * 1024);
}

function mutateOnce(input: Buffer, other: Buffer, draw: Draw): Buffer {
  const at = draw(input.length + 1);
  const length = draw(Math.min(24, input.length - at) + 1);
  const [before, cut, after] = [
    input.subarray(0, at),
    input.subarray(at, at + length),
    input.subarray(at + length),
  ];
  switch (draw(8)) {
    case 0: {
      if (at === input.length) return input;
      const flipped = Buffer.from(input);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << draw(8));
      return flipped;
    }
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, cut, cut, after]);
    case 3:
      return Buffer.concat([before, Buffer.from(WORDS[draw(WORDS.length)] ?? "", "latin1"), after]);
    case 4:
      return Buffer.concat([before, Buffer.from(WORDS[draw(WORDS.length)] ?? "", "latin1"), cut, after]);
    case 5: {
      const from = draw(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + draw(48)), after]);
    }
    case 6:
      return Buffer.concat([before, Buffer.from(nested(draw)), after]);
    default:
      return Buffer.concat([before, Buffer.of(draw(256)), after]);
  }
}

/** Nesting, up to more than any decoder should follow. */
function nested(draw: Draw): string {
  const depth = [3, 60, 600, 3000][draw(4)] ?? 3;
  const [open, close] = draw(2) === 0 ? ["[", "]"] : ['{"a":', "}"];
  return open.repeat(depth) + (draw(2) === 0 ? "1" : "") + close.repeat(depth);
}
