import table from "./go-types.json" with { type: "json" };

/**
 * How Go's types of Kubernetes' built-in kinds look: which fields in which order, and which of them are pointers. Made
 * from those types by test/peers/protobuf, whose test compares. Protobuf bodies follow from it, and the texts in which
 * Kubernetes and Knative show objects as Go prints them.
 */

export interface Field {
  readonly name: string;
  /** Go's own, which for an embedded struct is that of its type. */
  readonly goName: string;
  readonly type: string;
  readonly isList: boolean;
  /** A pointer tells "not set" from zero, so that its zero is kept. */
  readonly isPointer: boolean;
  readonly omitsEmpty: boolean;
  /** A struct of its own in Go and protobuf, but its fields stand in the parent's JSON. */
  readonly isInline: boolean;
}

/** By their numbers in protobuf, in Go's order. */
export type Fields = ReadonlyMap<number, Field>;

/** What came after the version of Kubernetes whose API is spoken here. */
export const LATER: Readonly<Record<string, readonly string[]>> = {
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

const KINDS: Readonly<Record<string, string | undefined>> = table.kinds;
const MESSAGES: Readonly<Record<string, string | undefined>> = table.messages;

/** The type of `group/version/Kind`; undefined where there is none. */
export function goTypeOf(kind: string): string | undefined {
  return KINDS[kind];
}

const parsed = new Map<string, Fields>();

/** The fields of a type such as `core.v1.Probe`; none of one that is not known. */
export function fieldsOf(message: string): Fields {
  const known = parsed.get(message) ?? parseFields(MESSAGES[message] ?? "");
  parsed.set(message, known);
  return known;
}

/** The types of all fields that a type has in JSON, in Go's order: those of embedded structs stand among them. */
export function typesOfFields(message: string): ReadonlyMap<string, string> {
  const fields = [...fieldsOf(message).values()];
  return new Map(
    fields.flatMap(({ name, type, isInline }) => (isInline ? [...typesOfFields(type)] : [[name, type]])),
  );
}

/** The last part of a type's name. */
export function simpleName(message: string): string {
  return message.slice(message.lastIndexOf(".") + 1);
}

/** `number name type flags GoName`, separated by commas; the last only where it is not the name with a capital. */
export function parseFields(text: string): Fields {
  const lines = text === "" ? [] : text.split(", ");
  return new Map(
    lines.map((line) => {
      const [number, name = "", type = "", flags = "", goName] = line.split(" ");
      const isInline = flags.includes("i");
      const field = {
        name,
        goName: goName ?? (isInline ? simpleName(type) : `${name.charAt(0).toUpperCase()}${name.slice(1)}`),
        type,
        isList: flags.includes("l"),
        isPointer: flags.includes("p"),
        omitsEmpty: flags.includes("e"),
        isInline,
      };
      return [Number(number), field];
    }),
  );
}
