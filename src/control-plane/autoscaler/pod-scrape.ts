import type { MeshSettings } from "../../api/wire/settings.ts";
import type { Stat } from "../../api/wire/stat.ts";
import type { Random } from "../../base/random.ts";
import { randomInt } from "../../base/random.ts";
import { sampleSize } from "./sample-size.ts";

/**
 * One round of measuring a revision: which pods to ask, what to do when some do not answer, and what the
 * answers say about all of them (spec S-032…S-035). The asking itself is a port.
 */

/** A pod that is running, ready and not terminating. */
export interface ScrapablePod {
  readonly ip: string;
  readonly startedAtMs: number;
}

export interface ScrapePorts {
  readonly random: Random;
  /** Rejects with ScrapeError. */
  scrapePod(ip: string): Promise<Stat>;
  /** Asks the revision's Service, where a mesh hides the pods. */
  scrapeService(): Promise<Stat>;
}

export interface ScrapeRound {
  readonly pods: readonly ScrapablePod[];
  /** At least this old counts as old: the pod has lived through the whole window. */
  readonly windowMs: number;
  readonly nowMs: number;
  readonly meshMode: MeshSettings["mode"];
  /**
   * False once a fallback to the Service has succeeded: that scraper never asks pods again (errata S-035).
   */
  readonly podsAddressable: boolean;
  readonly usePassthroughLb: boolean;
}

export type ScrapeFailure = "podsExhausted" | "directScrapingNotAvailable" | "didNotReceiveStat" | "other";

export class ScrapeError extends Error {
  readonly failure: ScrapeFailure;
  /** 502 or 503, as a mesh's sidecar answers when it lets no direct request through (spec S-031). */
  readonly mightBeMesh: boolean;

  constructor(failure: ScrapeFailure, message: string, mightBeMesh = false) {
    super(message);
    this.name = "ScrapeError";
    this.failure = failure;
    this.mightBeMesh = mightBeMesh;
  }
}

export interface ScrapeResult {
  /** Extrapolated to all pods; undefined when there are no pods. */
  readonly stat: Stat | undefined;
  readonly podsAddressable: boolean;
}

const SERVICE_TRIES = 10;
const SCRAPER_POD_NAME = "service-scraper";

/** Rejects with ScrapeError when too few pods answered: half a picture would scale a revision down. */
export async function scrapeRound(round: ScrapeRound, ports: ScrapePorts): Promise<ScrapeResult> {
  const { podsAddressable, meshMode, usePassthroughLb } = round;
  if (round.pods.length === 0) return { stat: undefined, podsAddressable };
  if (meshMode === "enabled") return { stat: await scrapeThroughService(round, ports), podsAddressable };
  if (meshMode === "disabled") return { stat: await scrapePods(round, ports), podsAddressable };
  if (podsAddressable || usePassthroughLb) {
    try {
      return { stat: await scrapePods(round, ports), podsAddressable };
    } catch (thrown) {
      const hidden = thrown instanceof ScrapeError && thrown.failure === "directScrapingNotAvailable";
      if (!hidden || usePassthroughLb) throw thrown;
    }
  }
  return { stat: await scrapeThroughService(round, ports), podsAddressable: false };
}

async function scrapePods(round: ScrapeRound, ports: ScrapePorts): Promise<Stat> {
  const size = sampleSize(round.pods.length);
  const order = scrapeOrder(round, ports.random);
  const samples: Stat[] = [];
  let next = 0;
  let onlyMeshErrors = true;
  const worker = async () => {
    for (let pod = order[next++]; pod !== undefined; pod = order[next++]) {
      try {
        samples.push(await ports.scrapePod(pod.ip));
        return;
      } catch (thrown) {
        if (!(thrown instanceof ScrapeError && thrown.mightBeMesh)) onlyMeshErrors = false;
      }
    }
  };
  await Promise.all(Array.from({ length: size }, worker));
  if (samples.length === size) return extrapolate(samples, round.pods.length);
  if (samples.length === 0 && onlyMeshErrors)
    throw new ScrapeError("directScrapingNotAvailable", "no pod could be scraped, a mesh seems to hide them");
  throw new ScrapeError("podsExhausted", `only ${samples.length} of ${size} pods could be scraped`);
}

/**
 * With enough old pods a random choice of them, the young ones as a reserve; else all old ones and random
 * young ones.
 */
function scrapeOrder(
  { pods, nowMs, windowMs }: Pick<ScrapeRound, "pods" | "nowMs" | "windowMs">,
  random: Random,
): ScrapablePod[] {
  const isOld = (pod: ScrapablePod) => nowMs - pod.startedAtMs >= windowMs;
  const old = pods.filter(isOld);
  const young = pods.filter((pod) => !isOld(pod));
  return old.length < sampleSize(pods.length)
    ? [...old, ...shuffled(young, random)]
    : [...shuffled(old, random), ...young];
}

async function scrapeThroughService(round: ScrapeRound, ports: ScrapePorts): Promise<Stat> {
  const size = sampleSize(round.pods.length);
  const seen = new Set<string>();
  const old: Stat[] = [];
  const young: Stat[] = [];
  let lastFailure: unknown;
  const worker = async () => {
    for (let tries = 0; tries < SERVICE_TRIES; tries++) {
      try {
        const stat = await ports.scrapeService();
        if (seen.has(stat.podName))
          throw new ScrapeError("didNotReceiveStat", `pod ${stat.podName} answered twice`);
        seen.add(stat.podName);
        const isOld = stat.processUptime * 1000 >= round.windowMs;
        (isOld ? old : young).push(stat);
        if (isOld) return;
      } catch (thrown) {
        lastFailure = thrown;
      }
    }
  };
  await Promise.all(Array.from({ length: size }, worker));
  if (old.length + young.length < size) throw lastFailure;
  return extrapolate([...old, ...young].slice(0, size), round.pods.length, size);
}

/** Sum of the samples ÷ sample size × population, for each of the four numbers (spec S-034). */
export function extrapolate(samples: readonly Stat[], population: number, size = samples.length): Stat {
  const scaled = (read: (stat: Stat) => number) =>
    (samples.reduce((sum, stat) => sum + read(stat), 0) / size) * population;
  return {
    podName: SCRAPER_POD_NAME,
    averageConcurrentRequests: scaled((stat) => stat.averageConcurrentRequests),
    averageProxiedConcurrentRequests: scaled((stat) => stat.averageProxiedConcurrentRequests),
    requestCount: scaled((stat) => stat.requestCount),
    proxiedRequestCount: scaled((stat) => stat.proxiedRequestCount),
    processUptime: 0,
    timestamp: 0,
  };
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const rest = [...items];
  const order: T[] = [];
  while (rest.length > 0) order.push(...rest.splice(randomInt(random, rest.length), 1));
  return order;
}
