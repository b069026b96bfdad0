import type { MeshSettings } from "../../src/api/wire/settings.ts";
import type { Stat } from "../../src/api/wire/stat.ts";
import { seededRandom } from "../../src/base/random.ts";
import {
  extrapolate,
  ScrapeError,
  type ScrapeResult,
  scrapeRound,
} from "../../src/control-plane/autoscaler/pod-scrape.ts";
import { sampleSize } from "../../src/control-plane/autoscaler/sample-size.ts";
import { statOfAnswer } from "../../src/control-plane/autoscaler/scrape-answer.ts";
import { type GoldenCase, judgeGolden } from "../support/golden.ts";
import { exceptions } from "./autoscaler-pod-scrape.exceptions.ts";

interface RecordedStat {
  readonly podName?: string;
  readonly concurrent: number;
  readonly proxiedConcurrent: number;
  readonly count: number;
  readonly proxiedCount: number;
  readonly processUptimeSeconds?: number;
}

interface RecordedPod {
  readonly ip: string;
  readonly ageMs: number;
  readonly ready: boolean;
  readonly phase: string;
  readonly terminating?: boolean;
  readonly stat?: RecordedStat;
  readonly fail?: "mesh" | "other";
}

type ScrapeCase = GoldenCase &
  (
    | { kind: "sampleSize"; pods: number; want: number }
    | {
        kind: "average";
        samples: RecordedStat[];
        population: number;
        want: { stat: RecordedStat };
      }
    | {
        kind: "scrape";
        pods: RecordedPod[] | null;
        windowMs: number;
        meshMode: MeshSettings["mode"];
        podsAddressable: boolean;
        usePassthroughLb: boolean;
        serviceAnswers?: { stat?: RecordedStat }[];
        want: {
          stat?: RecordedStat;
          empty?: boolean;
          error?: string;
          podsAddressableAfter: boolean;
          usedService: boolean;
        };
      }
    | {
        kind: "answer";
        status: number;
        contentType: string;
        bodyHex: string;
        want: { stat?: RecordedStat; error?: boolean; mightBeMesh?: boolean };
      }
  );

judgeGolden<ScrapeCase>({
  file: "autoscaler/pod-scrape.jsonl",
  exceptions,
  judge(recorded) {
    if (recorded.kind === "sampleSize")
      return different({ size: sampleSize(recorded.pods) }, { size: recorded.want });
    if (recorded.kind === "average") {
      const stat = extrapolate(recorded.samples.map(toStat), recorded.population);
      return different(numbersOf(stat), numbersOf(toStat(recorded.want.stat)));
    }
    if (recorded.kind === "scrape") return judgeScrape(recorded);
    return judgeAnswer(recorded);
  },
});

function judgeAnswer({ status, contentType, bodyHex, want }: ScrapeCase & { kind: "answer" }) {
  const answered = () => {
    try {
      const stat = statOfAnswer({ status, contentType, body: Buffer.from(bodyHex, "hex") });
      return { stat: [stat.podName, ...numbersOf(stat), stat.processUptime] };
    } catch (thrown) {
      if (!(thrown instanceof ScrapeError)) throw thrown;
      return { error: true, mightBeMesh: thrown.mightBeMesh };
    }
  };
  const stat = want.stat && toStat(want.stat);
  return different(
    answered(),
    stat
      ? { stat: [stat.podName, ...numbersOf(stat), stat.processUptime] }
      : { error: true, mightBeMesh: want.mightBeMesh ?? false },
  );
}

async function judgeScrape(recorded: ScrapeCase & { kind: "scrape" }): Promise<string | undefined> {
  const { want, windowMs } = recorded;
  const nowMs = 1e12;
  const recordedPods = recorded.pods ?? [];
  const eligible = recordedPods.filter((pod) => pod.ready && pod.phase === "Running" && !pod.terminating);
  const pods = eligible.map((pod) => ({ ip: pod.ip, startedAtMs: nowMs - pod.ageMs }));
  let asked = 0;
  const failure = (fail: string) => new ScrapeError("other", "recorded failure", fail === "mesh");
  const ports = {
    random: seededRandom(1),
    async scrapePod(ip: string) {
      const pod = recordedPods.find((one) => one.ip === ip);
      if (pod?.stat === undefined) throw failure(pod?.fail ?? "other");
      return toStat(pod.stat);
    },
    async scrapeService() {
      const answers = recorded.serviceAnswers ?? [];
      const answer = answers[asked++ % Math.max(1, answers.length)];
      if (answer?.stat === undefined) throw failure("other");
      return toStat(answer.stat);
    },
  };
  let result: ScrapeResult | ScrapeError;
  try {
    result = await scrapeRound({ ...recorded, pods, windowMs, nowMs }, ports);
  } catch (thrown) {
    if (!(thrown instanceof ScrapeError)) throw thrown;
    result = thrown;
  }
  const after = result instanceof ScrapeError ? recorded.podsAddressable : result.podsAddressable;
  const got = {
    addressable: after,
    usedService: asked > 0,
    error: result instanceof ScrapeError ? result.failure : undefined,
    stat: !(result instanceof ScrapeError) && result.stat ? numbersOf(result.stat) : undefined,
  };
  return different(got, {
    addressable: want.podsAddressableAfter ?? false,
    usedService: want.usedService ?? false,
    error: want.error,
    stat: want.stat ? numbersOf(toStat(want.stat)) : undefined,
  });
}

function toStat(recorded: RecordedStat): Stat {
  return {
    podName: recorded.podName ?? "",
    averageConcurrentRequests: recorded.concurrent,
    averageProxiedConcurrentRequests: recorded.proxiedConcurrent,
    requestCount: recorded.count,
    proxiedRequestCount: recorded.proxiedCount,
    processUptime: recorded.processUptimeSeconds ?? 0,
    timestamp: 0,
  };
}

function numbersOf(stat: Stat): number[] {
  return [
    stat.averageConcurrentRequests,
    stat.averageProxiedConcurrentRequests,
    stat.requestCount,
    stat.proxiedRequestCount,
  ];
}

function different(got: object, wanted: object): string | undefined {
  const round = (_: string, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(12)) : value;
  const [left, right] = [JSON.stringify(got, round), JSON.stringify(wanted, round)];
  return left === right ? undefined : `${left}, recorded ${right}`;
}
