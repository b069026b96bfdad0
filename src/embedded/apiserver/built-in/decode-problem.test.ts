import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMapKind } from "../../../api/config-map/kind.ts";
import { DeploymentKind } from "../../../api/deployment/kind.ts";
import type { Kind } from "../../../api/kind.ts";
import { PodKind } from "../../../api/pod/kind.ts";
import { decodeProblem } from "./decode-problem.ts";

const told = (kind: Kind, more: object) =>
  decodeProblem(kind, { apiVersion: "v1", kind: kind.kind, metadata: { name: "a" }, ...more })?.replace(
    "json: cannot unmarshal ",
    "",
  );

const withContainer = (container: object) => ({ spec: { containers: [{ name: "c", ...container }] } });

test("a value of a wrong type is told with Go's struct, path and type, wherever it stands", () => {
  const cases: [Kind, object, string][] = [
    [ConfigMapKind, { data: { a: 1 } }, "number into Go struct field ConfigMap.data of type string"],
    [
      PodKind,
      withContainer({ env: [{ name: "a", value: 1 }] }),
      "number into Go struct field EnvVar.spec.containers.env.value of type string",
    ],
    [
      PodKind,
      { spec: { containers: "x" } },
      "string into Go struct field PodSpec.spec.containers of type []v1.Container",
    ],
    [
      PodKind,
      { spec: { containers: [], tolerations: [{ tolerationSeconds: "1" }] } },
      "string into Go struct field Toleration.spec.tolerations.tolerationSeconds of type int64",
    ],
    [
      PodKind,
      withContainer({ readinessProbe: { httpGet: "x" } }),
      "string into Go struct field Probe.spec.containers.readinessProbe.ProbeHandler.httpGet of type v1.HTTPGetAction",
    ],
    [
      DeploymentKind,
      { spec: { template: { spec: { containers: [], hostAliases: [{ ip: true }] } } } },
      "bool into Go struct field HostAlias.spec.template.spec.hostAliases.ip of type string",
    ],
  ];
  for (const [kind, more, text] of cases) assert.equal(told(kind, more), text);
});

test("what fits is no problem, and a quantity that cannot be read is one", () => {
  assert.equal(told(PodKind, withContainer({ resources: { limits: { cpu: 1 } } })), undefined);
  assert.match(
    told(PodKind, withContainer({ resources: { limits: { cpu: "x" } } })) ?? "",
    /quantities must match/,
  );
});
