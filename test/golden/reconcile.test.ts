import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Kind } from "../../src/api/kind.ts";
import { KINDS } from "../../src/api/kinds.ts";
import { ROLLOUT } from "../../src/api/labels.ts";
import type { ApiObject } from "../../src/api/object.ts";
import { isApiError } from "../../src/api/status.ts";
import { messageOf } from "../../src/base/errors.ts";
import { ControllersWorld, type PodMode } from "../support/controllers-world.ts";
import { goldenFolder } from "../support/golden.ts";
import { leavesOf, maskText } from "../support/object-leaves.ts";
import { leftOutCases, leftOutLeaves } from "./reconcile.exceptions.ts";

/** What all controllers together make of a manifest, against what Knative's made of it on a real Kubernetes. */

interface Recorded {
  readonly id: string;
  readonly pods: PodMode;
  readonly ingress: "ok" | "never";
  readonly inputs: readonly (Input | RecordedClaim)[];
  readonly after: readonly { errors: { error: string }[]; objects: Record<string, ApiObject[]> }[];
}

type Input = (ApiObject & { delete?: undefined }) | { delete: string };

/** Made by the administrator, without a look at what came of it. */
interface RecordedClaim {
  readonly kind: "ClusterDomainClaim";
  readonly name: string;
}

/** Recorded under names of their own: `CoreService` is the core group's Service. */
const COMPARED = [
  "Service",
  "Configuration",
  "Revision",
  "Route",
  "DomainMapping",
  "PodAutoscaler",
  "Metric",
  "ServerlessService",
  "Ingress",
  "Image",
  "Deployment",
  "CoreService",
  "Endpoints",
];

const NAMESPACE = "recorded";
const folder = join(goldenFolder, "reconcile");

if (existsSync(folder)) {
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()) {
    const recorded = JSON.parse(readFileSync(join(folder, file), "utf8")) as Recorded;
    const why = leftOutCases[recorded.id];
    test(`${recorded.id} becomes the recorded objects`, { skip: why ?? false }, (context) =>
      judge(recorded, (text) => context.diagnostic(text)),
    );
  }
} else {
  test("recorded objects", (context) => {
    assert.notEqual(process.env.CI, "true", `${folder} is missing: set EBB_GOLDEN to the recorded cases`);
    context.skip(`no recorded cases at ${folder}: set EBB_GOLDEN to their folder`);
  });
}

async function judge(recorded: Recorded, tell: (text: string) => void): Promise<void> {
  const { pods, ingress } = recorded;
  const world = await ControllersWorld.start({ pods, ingress, namespaces: [NAMESPACE] });
  const problems: string[] = [];
  const unused = new Set(leftOutLeaves.filter(({ id }) => id === recorded.id));
  let same = 0;
  let total = 0;
  try {
    const steps: Input[] = [];
    for (const input of recorded.inputs) {
      if (isClaim(input)) await claim(world, input);
      else steps.push(input);
    }
    for (const [step, input] of steps.entries()) {
      const expected = recorded.after[step];
      assert.ok(expected);
      const refusal = await world.clock.until(apply(world, input).then(() => undefined, messageOf));
      assert.equal(refusal, expected.errors[0]?.error);
      // A refusal is what such a case is about: it counts like a leaf.
      if (refusal !== undefined) {
        total++;
        same++;
      }
      await world.clock.advance(4_000);
      await reachShares(world, expected.objects.Ingress ?? []);
      for (const { path, want, got } of await compare(world, expected.objects)) {
        total++;
        const rule = leftOutLeaves.find(
          ({ id, path: pattern }) => (id === undefined || id === recorded.id) && pattern.test(path),
        );
        if (want === got) same++;
        else if (rule) unused.delete(rule);
        else problems.push(`step ${step + 1}, ${path}: want ${want}, got ${got}`);
      }
    }
  } finally {
    await world.stop();
  }
  tell(`${recorded.id}: ${same} of ${total} leaves`);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    [...unused].map(({ path }) => String(path)),
    [],
    "listed differences that are none: remove them",
  );
}

/** A gradual rollout goes on and on: it was recorded somewhere on its way, and is compared where it has come as far. */
async function reachShares(world: ControllersWorld, recorded: readonly ApiObject[]): Promise<void> {
  const sharesOf = ({ metadata }: ApiObject) =>
    (metadata.annotations?.[ROLLOUT] ?? "").replace(/"stepParams".*?}/g, "");
  for (const wanted of recorded.filter(({ metadata }) =>
    metadata.annotations?.[ROLLOUT]?.includes("nextStepTime"),
  ))
    for (let waitedMs = 0; waitedMs < 300_000; waitedMs += 500) {
      const all = await world.ingresses();
      const mine = all.find(({ metadata }) => metadata.name === wanted.metadata.name);
      if (mine && sharesOf(mine) === sharesOf(wanted)) break;
      await world.clock.advance(500);
    }
}

function isClaim(input: Input | RecordedClaim): input is RecordedClaim {
  return "kind" in input && input.kind === "ClusterDomainClaim";
}

async function claim(world: ControllersWorld, { name }: RecordedClaim): Promise<void> {
  const object = { metadata: { name }, spec: { namespace: NAMESPACE } };
  await world.clock.until(world.client.create(kindOf("ClusterDomainClaim"), object));
}

async function apply(world: ControllersWorld, input: Input): Promise<void> {
  if (input.delete !== undefined) {
    const key = { namespace: NAMESPACE, name: input.delete };
    return world.client.delete(kindOf("Service"), key, { propagationPolicy: "Foreground" });
  }
  const kind = kindOf(input.kind ?? "");
  const object = { ...input, metadata: { ...input.metadata, namespace: NAMESPACE } };
  try {
    const existing = await world.client.get(kind, { namespace: NAMESPACE, name: input.metadata.name ?? "" });
    await world.client.update(kind, merged(existing, object) as ApiObject);
  } catch (thrown) {
    if (!isApiError(thrown, "NotFound")) throw thrown;
    await world.client.create(kind, object);
  }
}

/** An update as it was recorded: merged into what is stored, containers one by one. */
function merged(stored: unknown, change: unknown): unknown {
  if (Array.isArray(stored) && Array.isArray(change) && change.every((item) => "image" in Object(item)))
    return change.map((item, index) => merged(stored[index], item));
  if (!isRecord(stored) || !isRecord(change)) return change;
  const result: Record<string, unknown> = { ...stored };
  for (const [key, value] of Object.entries(change)) result[key] = merged(stored[key], value);
  return result;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface Compared {
  readonly path: string;
  readonly want: string;
  readonly got: string;
}

async function compare(
  world: ControllersWorld,
  expected: Recorded["after"][number]["objects"],
): Promise<Compared[]> {
  const actual = new Map<string, ApiObject>();
  const uids = new Map<string, string>();
  for (const recordedKind of [...COMPARED, "ReplicaSet", "Pod"]) {
    const { items } = await world.client.list(kindOf(recordedKind), { namespace: NAMESPACE });
    for (const object of items) {
      actual.set(`${recordedKind} ${object.metadata.name}`, object);
      uids.set(object.metadata.uid, `uid-of-${recordedKind}-${object.metadata.name}`);
    }
  }
  const found: Compared[] = [];
  const replace = maskText({ namespace: NAMESPACE, uids });
  const wanted = new Set<string>();
  for (const recordedKind of COMPARED) {
    for (const object of expected[recordedKind] ?? []) {
      const id = `${recordedKind} ${object.metadata.name}`;
      wanted.add(id);
      const mine = actual.get(id);
      if (!mine) {
        found.push({ path: id, want: "an object", got: "none" });
        continue;
      }
      const got = leavesOf(mine, replace);
      for (const [path, want] of leavesOf(object, maskText({ namespace: "", uids: new Map() })))
        found.push({ path: id + path, want, got: got.get(path) ?? "(absent)" });
    }
  }
  const counted = COMPARED.map((name) => `${name} `);
  for (const id of actual.keys())
    if (!wanted.has(id) && counted.some((prefix) => id.startsWith(prefix)))
      found.push({ path: id, want: "none", got: "an object" });
  return found;
}

function kindOf(recorded: string): Kind {
  const kind = (KINDS as readonly Kind[]).find((known) =>
    recorded === "CoreService"
      ? known.kind === "Service" && known.group === ""
      : known.kind === recorded && (recorded !== "Service" || known.group !== ""),
  );
  assert.ok(kind, `no kind for ${recorded}`);
  return kind;
}
