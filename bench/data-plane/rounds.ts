import { median, rounded } from "../statistics.ts";
import type { Contender } from "./contender.ts";

/** One measurement of one contender: named figures, cpuUs (CPU per request) among them where it applies. */
export type Sample = Readonly<Record<string, number>>;

/** A line of a table: the medians of all rounds. */
export type Row = Readonly<Record<string, number | string>>;

export interface RoundsOptions {
  readonly rounds: number;
  /** What is measured for each contender in each round, e.g. numbers of connections. */
  readonly cases: readonly string[];
  measure(contender: Contender, name: string): Promise<Sample>;
}

/** The one that the others' CPU is divided by. */
const BASE = "haproxy";

/**
 * Every contender takes its turn in every round, so that a slow minute of the machine hits all of them. One row for
 * each contender and case, with the CPU beside HAProxy's: the median of the ratios within one round.
 */
export async function alternate(contenders: readonly Contender[], options: RoundsOptions): Promise<Row[]> {
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round < options.rounds; round++) {
    for (const name of options.cases) {
      for (const contender of contenders) {
        const key = `${contender.name} ${name}`;
        const sample = await options.measure(contender, name);
        samples.set(key, [...(samples.get(key) ?? []), sample]);
      }
    }
  }
  return options.cases.flatMap((name) =>
    contenders.map((contender) => {
      const all = samples.get(`${contender.name} ${name}`) ?? [];
      return rowOf({ contender: contender.name, case: name }, all, samples.get(`${BASE} ${name}`));
    }),
  );
}

function rowOf(names: Row, all: readonly Sample[], base: readonly Sample[] | undefined): Row {
  const keys = Object.keys(all[0] ?? {});
  const figures = keys.map((key) => [key, rounded(median(all.map((one) => one[key] ?? Number.NaN)))]);
  const ratios = all.flatMap(({ cpuUs }, round) => {
    const ofBase = base?.[round]?.cpuUs;
    return cpuUs !== undefined && ofBase ? [cpuUs / ofBase] : [];
  });
  const ratio = ratios.length > 0 ? { besideHaproxy: rounded(median(ratios)) } : {};
  return { ...names, ...Object.fromEntries(figures), ...ratio, rounds: all.length };
}
