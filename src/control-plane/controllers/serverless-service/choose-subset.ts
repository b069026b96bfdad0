/**
 * Chooses the same few of many names for the same target, wherever it is computed (spec C-038, S-078): names
 * and two angles are hashed onto a circle, and one walks around it in equal steps.
 */
export function chooseSubset(names: readonly string[], count: number, target: string): ReadonlySet<string> {
  const distinct = [...new Set(names)].sort(byBytes);
  if (count >= distinct.length) return new Set(distinct);
  const circle = placeOnCircle(distinct, target);
  const step = angleOf(`${target}step-angle-salt`);
  const chosen = new Set<string>();
  for (
    let angle = angleOf(`${target}start-angle-salt`);
    chosen.size < count;
    angle = (angle + step) % ANGLES
  ) {
    let place = circle.findIndex((one) => one.angle >= angle);
    if (place === -1) place = 0;
    while (chosen.has(circle[place]?.name ?? "")) place = (place + 1) % circle.length;
    chosen.add(circle[place]?.name ?? "");
  }
  return chosen;
}

const ANGLES = 2 ** 11;

interface Place {
  readonly angle: number;
  readonly name: string;
}

/** Two names at one angle: the later one is hashed again with its own hash behind it (errata S-078). */
function placeOnCircle(names: readonly string[], target: string): readonly Place[] {
  const taken = new Map<number, string>();
  for (const name of names) {
    let text = name + target;
    let hash = fnv1a64(text);
    while (taken.has(Number(hash % BigInt(ANGLES)))) {
      text += hash.toString(16);
      hash = fnv1a64(text);
    }
    taken.set(Number(hash % BigInt(ANGLES)), name);
  }
  return [...taken].map(([angle, name]) => ({ angle, name })).sort((a, b) => a.angle - b.angle);
}

function angleOf(text: string): number {
  return Number(fnv1a64(text) % BigInt(ANGLES));
}

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

function fnv1a64(text: string): bigint {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  return hash;
}

function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
