import assert from "node:assert/strict";
import { test } from "node:test";
import { typesOfFields } from "./go-types.ts";
import { KINDS } from "./kinds.ts";
import type { Schema } from "./schema.ts";

/** What came after the version of Kubernetes whose API is spoken here. */
const LATER: Readonly<Record<string, readonly string[]>> = {
  "core.v1.PodSpec": ["schedulingGroup", "evictionResponders"],
  "core.v1.VolumeMount": ["bindMountOptions"],
  "core.v1.HTTPGetAction": ["protocol"],
  "core.v1.GRPCAction": ["mode"],
  "core.v1.SecretVolumeSource": ["defaultUser"],
  "core.v1.ConfigMapVolumeSource": ["defaultUser"],
  "core.v1.ProjectedVolumeSource": ["defaultUser"],
  "core.v1.DownwardAPIVolumeSource": ["defaultUser"],
  "core.v1.KeyToPath": ["user"],
  "core.v1.DownwardAPIVolumeFile": ["user"],
  "core.v1.ServiceAccountTokenProjection": ["user"],
  "core.v1.ClusterTrustBundleProjection": ["user"],
  "core.v1.PodCertificateProjection": ["userAnnotations", "user"],
  "core.v1.EmptyDirVolumeSource": ["mode"],
  "core.v1.ResourceHealth": ["message"],
  "core.v1.VolumeMountStatus": ["volumeStatus"],
  "autoscaling.v2.HorizontalPodAutoscalerCondition": ["observedGeneration"],
};

/** All types that a schema names, with the fields that it knows of them. */
function typesOf(schema: Schema | undefined, found: Map<string, string[]>): void {
  if (schema === undefined) return;
  const type = schema.openApi?.type;
  if (type !== undefined && schema.fields !== undefined) found.set(type, Object.keys(schema.fields));
  typesOf(schema.items, found);
  for (const field of Object.values(schema.fields ?? {})) typesOf(field, found);
}

test("each of Kubernetes' types is known with all its fields and no other", () => {
  const found = new Map<string, string[]>();
  for (const { custom, schema } of KINDS) if (!custom) typesOf(schema, found);
  assert.ok(found.size > 150);
  for (const [type, fields] of found)
    assert.deepEqual(
      [...fields, ...(LATER[type] ?? [])].sort(),
      [...typesOfFields(type).keys()].sort(),
      type,
    );
});
