import { type DialTarget, runClient } from "./scripted-client.ts";

/** Reads metrics as Prometheus does, independent of the encoder under test. */

interface Series {
  readonly name: string;
  readonly labels: Record<string, string>;
}

export interface Metrics {
  readonly types: Record<string, string>;
  readonly series: readonly Series[];
}

export async function readMetrics(target: DialTarget): Promise<Metrics> {
  const send = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const answer = await runClient({ send, closeWaitMs: 0 }, target);
  const types: Record<string, string> = {};
  const series: Series[] = [];
  for (const line of (answer.body ?? "").split("\n")) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type) types[type[1] ?? ""] = type[2] ?? "";
    if (line === "" || line.startsWith("#")) continue;
    const found = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? \S+$/.exec(line);
    if (!found) throw new Error(`no line of Prometheus' format: ${line}`);
    const labels = (found[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
    const pairs = [...labels].map(([, name = "", value = ""]) => [name, value]);
    series.push({
      name: found[1] ?? "",
      labels: Object.fromEntries(pairs.filter(([name]) => name !== "le")),
    });
  }
  return { types, series };
}

type Wanted = Record<string, unknown>;

export function compareMetrics(
  where: string,
  want: Wanted,
  got: Metrics,
  fits: (want: unknown, got: unknown) => boolean,
): string[] {
  const errors: string[] = [];
  for (const one of (want.series ?? []) as Series[]) {
    const same = got.series.filter(({ name }) => name === one.name);
    if (same.some(({ labels }) => fits(one.labels, labels))) continue;
    errors.push(`${where}: series missing: ${JSON.stringify(one)}; of that name: ${JSON.stringify(same)}`);
  }
  for (const absent of (want.absentSeries ?? []) as string[]) {
    if (got.series.some(({ name }) => name === absent))
      errors.push(`${where}: series ${absent} must be absent`);
  }
  for (const [name, type] of Object.entries((want.types ?? {}) as Wanted)) {
    if (got.types[name] !== type)
      errors.push(`${where}: type of ${name}: want ${type}, got ${got.types[name]}`);
  }
  return errors;
}
