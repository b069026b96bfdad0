import { VirtualClock } from "../../sim/virtual-clock.ts";
import { Cancel } from "../../src/base/cancel.ts";
import { systemRandom } from "../../src/base/random.ts";
import {
  type BalanceState,
  betterOfTwo,
  firstAvailable,
  type PodTracker,
  roundRobin,
} from "../../src/data-plane/activator/load-balance.ts";
import { atLeastOne, revisionCapacity, shareOf, UNLIMITED } from "../../src/data-plane/activator/share.ts";
import { type ActivatorPosition, assignSlice, positionAmong } from "../../src/data-plane/activator/subset.ts";
import { Throttle, type Waiter } from "../../src/data-plane/activator/throttle.ts";
import { addressText, type Backend } from "../../src/data-plane/backend.ts";
import { backendsOf } from "../../src/data-plane/endpoint-addresses.ts";
import { Breaker } from "../../src/http/breaker.ts";
import { type GoldenCase, judgeGolden } from "../support/golden.ts";

/** What Knative's activator takes of a revision's pods, and which pod it chooses, against ours. */

interface Case extends GoldenCase {
  readonly kind: string;
}

const file = "autoscaler/activator-capacity.jsonl";

function judgeKind<C extends Case>(kinds: readonly string[], judge: (recorded: C) => unknown): void {
  judgeGolden<C & { want: unknown }>({
    file,
    exceptions: {},
    select: ({ kind }) => kinds.includes(kind),
    async judge(recorded) {
      const got = JSON.stringify(sorted(await judge(recorded)));
      const want = JSON.stringify(sorted(recorded.want));
      return got === want ? undefined : `${recorded.kind}: got ${got}, recorded ${want}`;
    },
  });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, sorted(one)] as const);
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}

judgeKind<Case & { pods: number; activators: number; selfIndex: number }>(
  ["assign"],
  ({ pods, activators, selfIndex }) => {
    const all = Array.from({ length: pods }, (_, index) => index);
    return assignSlice(all, { count: activators, index: selfIndex }, 1);
  },
);

judgeKind<Case & { addresses: string[]; self: string }>(
  ["ownIndex"],
  ({ addresses, self }) => positionAmong(addresses, self)?.index ?? -1,
);

judgeKind<Case & { value: number }>(["minOne"], ({ value }) => atLeastOne(value));

interface CapacityCase extends Case {
  readonly containerConcurrency: number;
  readonly backends: number;
  readonly assignedTrackers: number;
  readonly activators: number;
}

judgeKind<CapacityCase>(["capacity"], ({ containerConcurrency, backends, assignedTrackers, activators }) =>
  revisionCapacity({ limit: containerConcurrency, backends, targets: assignedTrackers, activators }),
);

const NOWHERE: ActivatorPosition = { count: 0, index: -1 };

judgeKind<CapacityCase>(["start"], ({ containerConcurrency: limit }) => {
  const { capacity } = shareOf({ limit, pods: [], clusterIp: undefined, backends: 0, position: NOWHERE });
  return { activators: NOWHERE.count, index: NOWHERE.index, capacity, infiniteBreaker: limit === 0 };
});

interface ThrottlerCase extends Case {
  readonly containerConcurrency: number;
  readonly portName: string;
  readonly self: string;
  readonly events: readonly {
    readonly op: "backends" | "activators";
    readonly dests: string[];
    readonly clusterIP: string;
    readonly subsets: { readonly portName: string; readonly addresses: string[] }[];
  }[];
}

judgeKind<ThrottlerCase>(["throttler"], ({ containerConcurrency: limit, portName, self, events }) => {
  let position = NOWHERE;
  let dests: Backend[] = [];
  let clusterIp: Backend | undefined;
  return events.map((event) => {
    if (event.op === "activators") {
      const subsets = event.subsets.map((subset) => ({
        addresses: subset.addresses.map((ip) => ({ ip })),
        ports: [{ name: subset.portName, port: 8012 }],
      }));
      const { ready } = backendsOf(subsets, (name) => name === portName);
      position =
        positionAmong(
          ready.map(({ ip }) => ip),
          self,
        ) ?? position;
    } else {
      dests = event.dests.sort().map(backendOf);
      clusterIp = event.clusterIP === "" ? undefined : backendOf(event.clusterIP);
    }
    const share = shareOf({ limit, pods: dests, clusterIp, backends: dests.length, position });
    const assigned = clusterIp ? [] : share.targets.map(addressText);
    const pods = clusterIp ? [] : dests.map(addressText);
    return {
      activators: position.count,
      index: position.index,
      assigned,
      backends: dests.length,
      capacity: limit === 0 ? Math.min(1, share.capacity) : share.capacity,
      podCapacity: Object.fromEntries(pods.map((one) => [one, limit === 0 ? 1 : share.targetLimit])),
      ...(clusterIp && { clusterIP: addressText(clusterIp) }),
    };
  });
});

function backendOf(address: string): Backend {
  const [ip = "", port = ""] = address.split(":");
  return { ip, port: Number(port) };
}

interface BalanceCase extends Case {
  readonly policy: "firstAvailable" | "roundRobin" | "randomChoice2";
  readonly podCapacity: number;
  readonly targets: string[];
  readonly events: readonly {
    readonly op: "acquire" | "release" | "targets" | "addWeight";
    readonly acquired: number;
    readonly targets: string[];
    readonly target: string;
  }[];
}

judgeKind<BalanceCase>(["balance"], ({ policy, podCapacity, targets, events }) => {
  const state: BalanceState = { nextIndex: 0 };
  const named = (names: string[], before: readonly PodTracker[]) =>
    names.map(
      (ip) =>
        before.find(({ backend }) => backend.ip === ip) ?? {
          backend: { ip, port: 8012 },
          inFlight: 0,
          open: true,
        },
    );
  let trackers: PodTracker[] = named(targets, []);
  const acquired: PodTracker[] = [];
  const choose = () => {
    if (policy === "firstAvailable") return firstAvailable(trackers, podCapacity);
    return policy === "roundRobin"
      ? roundRobin(trackers, podCapacity, state)
      : betterOfTwo(trackers, systemRandom);
  };
  return events.map((event) => {
    if (event.op === "acquire") {
      const tracker = choose();
      if (tracker === undefined) return "none";
      tracker.inFlight += 1;
      acquired.push(tracker);
      return tracker.backend.ip;
    }
    if (event.op === "targets") trackers = named(event.targets, trackers);
    else if (event.op === "release") (acquired[event.acquired] as PodTracker).inFlight -= 1;
    else (trackers.find(({ backend }) => backend.ip === event.target) as PodTracker).inFlight += 1;
    return null;
  });
});

interface BreakerCase extends Case {
  readonly maxConcurrency: number;
  readonly queueDepth: number;
  readonly initialCapacity: number;
  readonly events: readonly {
    readonly op: "request" | "capacity";
    readonly atMs: number;
    readonly capacity: number;
    readonly request: number;
    readonly holdMs: number;
    readonly patienceMs: number;
  }[];
}

interface Outcome {
  result: string;
  startedAtMs?: number;
  endedAtMs: number;
}

/** What stands between requests and their slots. */
interface Gate {
  setCapacity(capacity: number): void;
  /** False when there is no room to wait. */
  enter(cancel: Cancel, admit: (release: () => void) => void): boolean;
}

judgeKind<BreakerCase>(["breaker"], (recorded) => {
  const breaker = new Breaker(recorded);
  return played(recorded, {
    setCapacity: (capacity) => breaker.setCapacity(capacity),
    enter: (cancel, admit) => breaker.enter(cancel, (slot) => admit(() => slot.release())) !== "full",
  });
});

judgeKind<BreakerCase>(["infiniteBreaker"], (recorded) => {
  const bounds = { requestsMax: UNLIMITED, bytesMax: UNLIMITED };
  const throttle = new Throttle({ random: systemRandom, bounds, held: { total: 0, max: UNLIMITED } });
  const admits = new Map<Waiter, (tracker: PodTracker) => void>();
  const wake = (admissions: readonly { waiter: Waiter; tracker: PodTracker }[]) => {
    for (const { waiter, tracker } of admissions) admits.get(waiter)?.(tracker);
  };
  return played(recorded, {
    // Without a limit its capacity is whether there is any pod.
    setCapacity: (capacity) =>
      wake(throttle.setPods(capacity > 0 ? [{ ip: "10.0.0.1", port: 8012 }] : [], 0)),
    enter(cancel, admit) {
      const waiter: Waiter = { heldBytes: 0, previous: undefined, following: undefined, listed: false };
      const start = (tracker: PodTracker) => admit(() => wake(throttle.release(tracker)));
      admits.set(waiter, start);
      cancel.onRaise(() => throttle.leave(waiter));
      const outcome = throttle.arrive(waiter);
      if (typeof outcome !== "string") start(outcome);
      return true;
    },
  });
});

async function played({ events }: BreakerCase, gate: Gate): Promise<Outcome[]> {
  const clock = new VirtualClock();
  const outcomes: Outcome[] = [];
  for (const event of events) {
    clock.schedule(event.atMs, () => {
      if (event.op === "capacity") gate.setCapacity(event.capacity);
      else request(event);
    });
  }
  const request = ({ request: number, holdMs, patienceMs }: BreakerCase["events"][number]) => {
    const cancel = new Cancel();
    const patience = clock.schedule(patienceMs, () => {
      outcomes[number] = { result: "deadline", endedAtMs: clock.monotonic() };
      cancel.raise(new Error("deadline"));
    });
    const hasRoom = gate.enter(cancel, (release) => {
      patience.cancel();
      const startedAtMs = clock.monotonic();
      clock.schedule(holdMs, () => {
        outcomes[number] = { result: "done", startedAtMs, endedAtMs: clock.monotonic() };
        release();
      });
    });
    if (hasRoom) return;
    patience.cancel();
    outcomes[number] = { result: "queueFull", endedAtMs: clock.monotonic() };
  };
  await clock.advance(1_000_000);
  return outcomes;
}
