import { RevisionWindows, type Series } from "../../src/control-plane/autoscaler/windows.ts";
import { type GoldenCase, judgeGolden } from "../support/golden.ts";
import { exceptions } from "./autoscaler-windows.exceptions.ts";

interface Event {
  readonly op: "record" | "resize" | "delete" | "ask";
  readonly wallMs: number;
  readonly atMs?: number;
  readonly concurrent?: number;
  readonly proxiedConcurrent?: number;
  readonly count?: number;
  readonly proxiedCount?: number;
  readonly stableWindowMs?: number;
  readonly panicWindowMs?: number;
  readonly scrapeTarget?: string;
}

type Answer = { stable: number; panic: number } | "noData" | "notCollecting";

interface WindowsCase extends GoldenCase {
  readonly algorithm: string;
  readonly epochMs: number;
  readonly scrapeTarget: string;
  readonly stableWindowMs: number;
  readonly panicWindowMs: number;
  readonly events: readonly Event[];
  readonly want: readonly { concurrency: Answer; rps: Answer }[];
}

judgeGolden<WindowsCase>({
  file: "autoscaler/metric-windows.jsonl",
  exceptions,
  judge(recorded) {
    const asked = replay(recorded);
    for (const [index, wanted] of recorded.want.entries())
      for (const series of ["concurrency", "rps"] as const) {
        const got = asked[index]?.[series];
        if (got === undefined || !isSame(got, wanted[series]))
          return `${series} of question ${index}: ${JSON.stringify(got)}, recorded ${JSON.stringify(wanted[series])}`;
      }
    return undefined;
  },
});

function replay(recorded: WindowsCase): { concurrency: Answer; rps: Answer }[] {
  const { epochMs } = recorded;
  const aggregation = recorded.algorithm.startsWith("weighted") ? "weighted" : "linear";
  const make = (sizes: { stableMs: number; panicMs: number }) => new RevisionWindows(sizes, aggregation);
  let target = recorded.scrapeTarget;
  let windows: RevisionWindows | undefined = make({
    stableMs: recorded.stableWindowMs,
    panicMs: recorded.panicWindowMs,
  });
  const asked: { concurrency: Answer; rps: Answer }[] = [];
  for (const event of recorded.events) {
    const nowMs = epochMs + event.wallMs;
    const atMs = epochMs + (event.atMs ?? event.wallMs);
    if (event.op === "delete") windows = undefined;
    if (event.op === "record")
      windows?.record(atMs, {
        concurrency: event.concurrent ?? 0,
        proxiedConcurrency: event.proxiedConcurrent ?? 0,
        requestCount: event.count ?? 0,
        proxiedRequestCount: event.proxiedCount ?? 0,
      });
    if (event.op === "resize") {
      const sizes = { stableMs: event.stableWindowMs ?? 0, panicMs: event.panicWindowMs ?? 0 };
      target = event.scrapeTarget ?? "";
      if (windows) windows.resize(sizes, nowMs);
      else windows = make(sizes);
    }
    if (event.op === "ask") {
      const answer = (series: Series): Answer => {
        if (!windows) return "notCollecting";
        if (target !== "" && windows.isEmpty(series, atMs)) return "noData";
        return windows.averages(series, atMs);
      };
      asked.push({ concurrency: answer("concurrency"), rps: answer("rps") });
    }
  }
  return asked;
}

function isSame(got: Answer, wanted: Answer): boolean {
  if (typeof got === "string" || typeof wanted === "string") return got === wanted;
  const close = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
  return close(got.stable, wanted.stable) && close(got.panic, wanted.panic);
}
