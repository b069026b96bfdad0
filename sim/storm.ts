import { type Random, randomInt, seededRandom } from "../src/base/random.ts";

/** A scenario made by its seed: a few services, and whatever may happen to them in any order. */
export function stormText(seed: number): string {
  const random = seededRandom(Math.imul(seed + 1, 0x9e3779b1));
  const storms = Array.from(
    { length: 1 + randomInt(random, 3) },
    (_, index) => new Storm(`s${index}`, random),
  );
  const lines = storms.flatMap((storm) => storm.beginning());
  const steps = 8 + randomInt(random, 12);
  const isKilled = random.next() < 0.3;
  for (let step = 0; step < steps; step++) {
    if (isKilled && random.next() < 0.15) {
      for (const storm of storms) storm.engineKilled();
      lines.push(`restart after=${randomInt(random, 2_000)}ms`);
    }
    if (random.next() < 0.05) lines.push("replace");
    lines.push(...oneOf(random, storms).action());
  }
  for (const storm of storms) lines.push(...storm.ending());
  return lines.join("\n");
}

/** What happens to one service, and what its clients may see because of it. */
class Storm {
  readonly #name: string;
  readonly #random: Random;
  readonly #concurrency: number;
  readonly #burstCapacity: string;
  readonly #allowed = new Set(["200"]);

  constructor(name: string, random: Random) {
    this.#name = name;
    this.#random = random;
    this.#concurrency = oneOf(random, [0, 1, 2, 5]);
    this.#burstCapacity = oneOf(random, ["-1", "0", "20"]);
    // Past the activator a queue-proxy's queue may be full.
    if (this.#concurrency > 0 && this.#burstCapacity !== "-1") this.#allowed.add("503");
  }

  beginning(): string[] {
    const times = `start=${this.#ms(20, 400)} warm=${this.#ms(0, 100)} serve=${this.#ms(1, 300)}`;
    const limits = `concurrency=${this.#concurrency} burst-capacity=${this.#burstCapacity}`;
    return [`service ${this.#name} ${limits} ${times}`, `wait ready ${this.#name} within=60s`];
  }

  /** Who was being served then gets no answer, and pods that could not be adopted are gone. */
  engineKilled(): void {
    this.#allowed.add("left").add("502");
  }

  action(): string[] {
    const name = this.#name;
    const chance = this.#random.next();
    if (chance < 0.55) return [`request ${name} ${this.#crowd()}`];
    if (chance < 0.75) return [`sleep ${this.#ms(10, 9_000)}`];
    if (chance < 0.82) return [`update ${name}`];
    if (chance < 0.9) {
      this.#allowed.add("502");
      return [`crash ${name}`];
    }
    if (chance < 0.95) {
      this.#allowed.add("502");
      return [`crash ${name} at=${this.#ms(0, 500)} times=1`];
    }
    this.#allowed.add("left");
    return [`request ${name} ${this.#crowd()} leave=${this.#ms(1, 600)}`];
  }

  ending(): string[] {
    const name = this.#name;
    return [
      `wait answered ${name} within=120s`,
      `expect ${name} status=${[...this.#allowed].join("|")}`,
      `wait zero ${name} within=120s`,
      `calm ${name}`,
      `request ${name}`,
      `wait answered ${name} within=120s`,
      `expect ${name} last=1 status=200`,
      `wait zero ${name} within=120s`,
    ];
  }

  #crowd(): string {
    const serve = this.#random.next() < 0.2 ? ` serve=${this.#ms(500, 12_000)}` : "";
    return `count=${1 + randomInt(this.#random, 12)} every=${this.#ms(1, 80)}${serve}`;
  }

  #ms(least: number, most: number): string {
    return `${least + randomInt(this.#random, most - least)}ms`;
  }
}

function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[randomInt(random, choices.length)] as T;
}
