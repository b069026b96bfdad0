import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigMapKind } from "../../../api/config-map/kind.ts";
import { DeploymentKind } from "../../../api/deployment/kind.ts";
import type { Kind } from "../../../api/kind.ts";
import { ServiceKind } from "../../../api/service/kind.ts";
import { isApiError } from "../../../api/status.ts";
import type { AnyObject } from "../any-object.ts";
import { Resources } from "../resources.ts";
import type { Entry } from "./entries.ts";
import { applyConfiguration, keepTimes, managedAfterUpdate, setManaged, type Write } from "./track.ts";

const T1 = "2024-01-01T00:00:01Z";
const T2 = "2024-01-01T00:00:02Z";

function writer(kind: Pick<Kind, "group" | "plural">, manager: string, time = T1, subresource = ""): Write {
  const kinds = [ConfigMapKind, DeploymentKind, ServiceKind] as unknown as Kind[];
  const resource = new Resources(kinds).ofKind(kind);
  assert.ok(resource);
  return { resource, subresource, manager, time };
}

function configMap(data: Record<string, string>, metadata: object = {}): AnyObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", ...metadata }, data };
}

function stored(object: AnyObject): AnyObject {
  return { ...object, metadata: { ...object.metadata, uid: "u", resourceVersion: "1" } };
}

function fieldsOf(object: AnyObject, manager: string): unknown {
  const entries = (object.metadata.managedFields ?? []) as unknown as readonly Entry[];
  return entries.find((entry) => entry.manager === manager)?.fieldsV1;
}

describe("updates", () => {
  test("whoever creates an object owns what was set, not what the server gave out", () => {
    const after = configMap({ x: "1" }, { uid: "u", creationTimestamp: T1 });
    const managed = managedAfterUpdate(writer(ConfigMapKind, "kubectl"), { after, requested: after });
    assert.deepEqual(managed, [
      {
        manager: "kubectl",
        operation: "Update",
        apiVersion: "v1",
        time: T1,
        fieldsType: "FieldsV1",
        fieldsV1: { "f:data": { ".": {}, "f:x": {} } },
      },
    ]);
  });

  test("a changed field goes over to whoever changed it", () => {
    const before = stored(configMap({ x: "1", y: "1" }));
    setManaged(
      before,
      managedAfterUpdate(writer(ConfigMapKind, "one"), { after: before, requested: before }),
    );
    const after = { ...before, data: { x: "1", y: "2" } };
    setManaged(after, managedAfterUpdate(writer(ConfigMapKind, "two", T2), { before, after }));
    assert.deepEqual(fieldsOf(after, "one"), { "f:data": { ".": {}, "f:x": {} } });
    assert.deepEqual(fieldsOf(after, "two"), { "f:data": { "f:y": {} } });
  });

  test("a removed field is nobody's, and removing alone makes no owner", () => {
    const before = stored(configMap({ x: "1", y: "1" }));
    setManaged(
      before,
      managedAfterUpdate(writer(ConfigMapKind, "one"), { after: before, requested: before }),
    );
    const after = { ...before, data: { x: "1" } };
    setManaged(after, managedAfterUpdate(writer(ConfigMapKind, "two", T2), { before, after }));
    assert.deepEqual(fieldsOf(after, "one"), { "f:data": { ".": {}, "f:x": {} } });
    assert.equal(fieldsOf(after, "two"), undefined);
  });

  test("a list with [{}] gives all ownership up, an empty one changes nothing", () => {
    const before = stored(configMap({ x: "1" }));
    setManaged(
      before,
      managedAfterUpdate(writer(ConfigMapKind, "one"), { after: before, requested: before }),
    );
    const given = (managedFields: object[]) =>
      managedAfterUpdate(writer(ConfigMapKind, "two"), {
        before,
        after: { ...before, metadata: { ...before.metadata, managedFields } },
      });
    assert.equal(given([{}]), undefined);
    assert.deepEqual(given([]), before.metadata.managedFields);
  });

  test("through status one comes to own status alone, in an entry of its own", () => {
    const before = stored({
      metadata: { name: "s", labels: { a: "1" } },
      spec: { template: {} },
    } as AnyObject);
    setManaged(before, managedAfterUpdate(writer(ServiceKind, "one"), { after: before, requested: before }));
    const after = {
      ...before,
      status: { url: "http://x" },
      metadata: { ...before.metadata, labels: { a: "2" } },
    };
    const managed = managedAfterUpdate(writer(ServiceKind, "two", T2, "status"), { before, after });
    const entry = (managed as unknown as Entry[]).find(({ manager }) => manager === "two");
    assert.deepEqual(entry?.fieldsV1, { "f:status": { ".": {}, "f:url": {} } });
    assert.equal(entry?.subresource, "status");
  });

  test("eleven hands leave ten entries, the oldest thrown together", () => {
    let object = stored(configMap({ k0: "0" }));
    for (let hand = 0; hand < 13; hand++) {
      const before = hand === 0 ? undefined : object;
      const data = { ...(object.data as object), [`k${hand}`]: "1" };
      const after: AnyObject = { ...object, data, metadata: { ...object.metadata } };
      const time = `2024-01-01T00:00:${String(hand).padStart(2, "0")}Z`;
      const write = writer(ConfigMapKind, `hand${hand}`, time);
      setManaged(after, managedAfterUpdate(write, { before, after, requested: after }));
      object = after;
    }
    const entries = object.metadata.managedFields as unknown as Entry[];
    assert.equal(entries.length, 10);
    assert.deepEqual(fieldsOf(object, "ancient-changes"), {
      "f:data": { ".": {}, "f:k0": {}, "f:k1": {}, "f:k2": {}, "f:k3": {} },
    });
  });

  test("a write that changed nothing but times is no write", () => {
    const before = stored(configMap({ x: "1" }));
    setManaged(
      before,
      managedAfterUpdate(writer(ConfigMapKind, "one"), { after: before, requested: before }),
    );
    const [entry] = before.metadata.managedFields as unknown as Entry[];
    const after: AnyObject = {
      ...before,
      metadata: { ...before.metadata, managedFields: [{ ...entry, time: T2 }] },
    };
    keepTimes(before, after);
    assert.deepEqual(after, before);
  });
});

describe("apply", () => {
  const apply = (live: AnyObject | undefined, applied: AnyObject, write: Write, force = false) =>
    applyConfiguration(write, { live, applied, force });
  const deployment = (spec: object): AnyObject => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d" },
    spec,
  });

  test("what is applied no more goes, unless another owner still applies it", () => {
    const one = writer(ConfigMapKind, "one");
    const two = writer(ConfigMapKind, "two");
    let live = stored(apply(undefined, configMap({ x: "1", y: "1" }), one));
    live = apply(live, configMap({ y: "1" }), two);
    live = apply(live, configMap({}), one);
    assert.deepEqual(live.data, { y: "1" });
  });

  test("another's field with another value is a conflict, and force takes it", () => {
    const live = stored(apply(undefined, configMap({ x: "1" }), writer(ConfigMapKind, "one")));
    const two = writer(ConfigMapKind, "two");
    assert.throws(
      () => apply(live, configMap({ x: "2" }), two),
      (thrown) => {
        assert.ok(isApiError(thrown, "Conflict"));
        assert.equal(thrown.message, 'Apply failed with 1 conflict: conflict with "one": .data.x');
        return true;
      },
    );
    const forced = apply(live, configMap({ x: "2" }), two, true);
    assert.deepEqual(forced.data, { x: "2" });
    assert.equal(fieldsOf(forced, "one"), undefined);
  });

  test("several conflicts are told by owner", () => {
    const live = stored(apply(undefined, configMap({ x: "1", y: "1" }), writer(ConfigMapKind, "one")));
    assert.throws(
      () => apply(live, configMap({ x: "2", y: "2" }), writer(ConfigMapKind, "two")),
      /Apply failed with 2 conflicts: conflicts with "one":\n- \.data\.x\n- \.data\.y$/,
    );
  });

  test("containers merge by name, their ports by port and protocol", () => {
    const container = { name: "c", image: "i", ports: [{ containerPort: 80 }] };
    const spec = (containers: object[]) => ({ template: { spec: { containers } } });
    const one = writer(DeploymentKind, "one");
    const live = stored(apply(undefined, deployment(spec([container])), one));
    assert.deepEqual(fieldsOf(live, "one"), {
      "f:spec": {
        "f:template": {
          "f:spec": {
            "f:containers": {
              'k:{"name":"c"}': {
                ".": {},
                "f:image": {},
                "f:name": {},
                "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} } },
              },
            },
          },
        },
      },
    });
    const sidecar = apply(live, deployment(spec([{ name: "s", image: "i" }])), writer(DeploymentKind, "two"));
    const names = (sidecar.spec as { template: { spec: { containers: { name: string }[] } } }).template.spec;
    assert.deepEqual(
      names.containers.map(({ name }) => name),
      ["c", "s"],
    );
  });

  test("an unknown field and a doubled key are refused with their path", () => {
    const one = writer(DeploymentKind, "one");
    assert.throws(
      () => apply(undefined, deployment({ bogus: 1 }), one),
      /\(\/d; apps\/v1, Kind=Deployment\): \.spec\.bogus: field not declared in schema/,
    );
    const containers = [{ name: "c" }, { name: "c" }];
    assert.throws(
      () => apply(undefined, deployment({ template: { spec: { containers } } }), one),
      /\.spec\.template\.spec\.containers: duplicate entries for key \[name="c"\]/,
    );
  });

  test("an untracked object's content counts as one update from before the first apply", () => {
    const live = stored(configMap({ x: "1" }));
    const next = apply(live, configMap({ x: "1" }), writer(ConfigMapKind, "one"));
    assert.deepEqual(fieldsOf(next, "before-first-apply"), { "f:data": { ".": {}, "f:x": {} } });
  });

  test("kubectl takes over what its own annotation says it applied, and keeps the annotation in step", () => {
    const annotation = "kubectl.kubernetes.io/last-applied-configuration";
    const last = JSON.stringify(configMap({ x: "1" }));
    const live = stored(configMap({ x: "1" }, { annotations: { [annotation]: last } }));
    setManaged(
      live,
      managedAfterUpdate(writer(ConfigMapKind, "kubectl-client-side-apply"), {
        after: live,
        requested: live,
      }),
    );
    const next = apply(live, configMap({ x: "2" }), writer(ConfigMapKind, "kubectl"));
    assert.deepEqual(next.data, { x: "2" });
    assert.match(next.metadata.annotations?.[annotation] ?? "", /"x":"2"/);
    assert.throws(() => apply(live, configMap({ x: "2" }), writer(ConfigMapKind, "other")), /conflict/);
  });
});
