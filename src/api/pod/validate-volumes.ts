/** Kubernetes' checks of a pod's volumes. A volume with an error does not count as one that can be mounted. */
import {
  duplicate,
  type FieldCause,
  forbidden,
  invalidValue,
  invalidValues,
  required,
  unsupported,
} from "../field-cause.ts";
import {
  type DownwardApiItem,
  HOST_PATH_TYPES,
  type KeyToPath,
  type ProjectedSource,
  type Volume,
} from "../pod-spec.ts";
import { dns1123LabelErrors } from "../syntax.ts";
import { fieldRefCauses, resourceFieldRefCauses, VOLUME_FIELDS } from "./validate-env.ts";

export interface CheckedVolumes {
  readonly causes: readonly FieldCause[];
  /** Names of those that are well formed. */
  readonly names: ReadonlySet<string>;
}

export function checkVolumes(volumes: readonly Volume[], field: string): CheckedVolumes {
  const names = new Set<string>();
  const causes: FieldCause[] = [];
  for (const [index, volume] of volumes.entries()) {
    const at = `${field}[${index}]`;
    const own = sourceCauses(volume, at);
    if (!volume.name) own.push(required(`${at}.name`));
    else own.push(...invalidValues(`${at}.name`, volume.name, dns1123LabelErrors(volume.name)));
    if (names.has(volume.name)) own.push(duplicate(`${at}.name`, volume.name));
    if (own.length === 0) names.add(volume.name);
    causes.push(...own);
  }
  return { causes, names };
}

const SOURCES = [
  "emptyDir",
  "hostPath",
  "secret",
  "persistentVolumeClaim",
  "downwardAPI",
  "configMap",
  "projected",
  "csi",
  "ephemeral",
  "image",
] as const satisfies readonly (keyof Volume)[];

function sourceCauses(volume: Volume, at: string): FieldCause[] {
  const given = SOURCES.filter((source) => volume[source] !== undefined);
  if (given.length === 0) return [required(at, "must specify a volume type")];
  return given.flatMap((source, index) =>
    index > 0
      ? [forbidden(`${at}.${source}`, "may not specify more than 1 volume type")]
      : causesOf(volume, source, `${at}.${source}`),
  );
}

function causesOf(volume: Volume, source: (typeof SOURCES)[number], at: string): FieldCause[] {
  switch (source) {
    case "secret":
      return fileCauses({ ...volume.secret, name: volume.secret?.secretName, nameField: "secretName" }, at);
    case "configMap":
      return fileCauses({ ...volume.configMap, nameField: "name" }, at);
    case "downwardAPI":
      return [
        ...modeCauses(volume.downwardAPI?.defaultMode, `${at}.defaultMode`),
        ...downwardCauses(volume.downwardAPI?.items ?? [], `${at}.items`),
      ];
    case "projected":
      return [
        ...modeCauses(volume.projected?.defaultMode, `${at}.defaultMode`),
        ...(volume.projected?.sources ?? []).flatMap((one, index) =>
          projectionCauses(one, `${at}.sources[${index}]`),
        ),
      ];
    case "emptyDir":
      return String(volume.emptyDir?.sizeLimit ?? "").startsWith("-")
        ? [forbidden(`${at}.sizeLimit`, "SizeLimit field must be a valid resource quantity")]
        : [];
    case "hostPath":
      return hostPathCauses(volume.hostPath?.path ?? "", volume.hostPath?.type ?? "", at);
    case "persistentVolumeClaim":
      return volume.persistentVolumeClaim?.claimName ? [] : [required(`${at}.claimName`)];
    case "csi":
      return volume.csi?.driver ? [] : [required(`${at}.driver`)];
    default:
      return [];
  }
}

function hostPathCauses(path: string, type: string, at: string): FieldCause[] {
  if (path === "") return [required(`${at}.path`)];
  const causes = path.split("/").includes("..")
    ? [invalidValue(`${at}.path`, path, "must not contain '..'")]
    : [];
  return HOST_PATH_TYPES.includes(type)
    ? causes
    : [...causes, unsupported(`${at}.type`, type, HOST_PATH_TYPES)];
}

interface FileSource {
  readonly name?: string | undefined;
  readonly nameField: "name" | "secretName";
  readonly defaultMode?: number;
  readonly items?: readonly KeyToPath[];
}

function fileCauses(source: FileSource, at: string): FieldCause[] {
  return [
    ...(source.name ? [] : [required(`${at}.${source.nameField}`)]),
    ...modeCauses(source.defaultMode, `${at}.defaultMode`),
    ...itemCauses(source.items ?? [], `${at}.items`),
  ];
}

function itemCauses(items: readonly KeyToPath[], field: string): FieldCause[] {
  return items.flatMap(({ key, path, mode }, index) => [
    ...(key ? [] : [required(`${field}[${index}].key`)]),
    ...localPathCauses(path, `${field}[${index}].path`),
    ...modeCauses(mode, `${field}[${index}].mode`),
  ]);
}

function localPathCauses(path: string, field: string): FieldCause[] {
  if (!path) return [required(field)];
  const causes: FieldCause[] = [];
  if (path.startsWith("/")) causes.push(invalidValue(field, path, "must be a relative path"));
  if (path.split("/").includes("..")) causes.push(invalidValue(field, path, "must not contain '..'"));
  if (path.startsWith("..") && !path.startsWith("../"))
    causes.push(invalidValue(field, path, "must not start with '..'"));
  return causes;
}

const MODE_TEXT = "must be a number between 0 and 0777 (octal), both inclusive";

function modeCauses(mode: number | undefined, field: string): FieldCause[] {
  return mode !== undefined && (mode < 0 || mode > 0o777) ? [invalidValue(field, mode, MODE_TEXT)] : [];
}

function downwardCauses(items: readonly DownwardApiItem[], field: string): FieldCause[] {
  return items.flatMap((item, index) => {
    const at = `${field}[${index}]`;
    const causes = localPathCauses(item.path, `${at}.path`);
    if (item.fieldRef) {
      causes.push(...fieldRefCauses(item.fieldRef, `${at}.fieldRef`, VOLUME_FIELDS));
      if (item.resourceFieldRef) {
        const text = "fieldRef and resourceFieldRef can not be specified simultaneously";
        causes.push(invalidValue(at, "resource", text));
      }
    } else if (item.resourceFieldRef)
      causes.push(...resourceFieldRefCauses(item.resourceFieldRef, `${at}.resourceFieldRef`, true));
    else causes.push(required(at, "one of fieldRef and resourceFieldRef is required"));
    return [...causes, ...modeCauses(item.mode, `${at}.mode`)];
  });
}

const MINUTES_MIN_S = 600;
const EXPIRATION_MAX_S = 2 ** 32;

function projectionCauses(source: ProjectedSource, at: string): FieldCause[] {
  const given = (["secret", "configMap", "downwardAPI", "serviceAccountToken"] as const).filter(
    (one) => source[one] !== undefined,
  );
  return given.flatMap((kind, index) => {
    const field = `${at}.${kind}`;
    if (index > 0) return [forbidden(field, "may not specify more than 1 volume type per source")];
    if (kind === "downwardAPI") return downwardCauses(source.downwardAPI?.items ?? [], `${field}.items`);
    if (kind === "serviceAccountToken") return tokenCauses(source.serviceAccountToken, field);
    const { name, items } = source[kind] ?? {};
    return [...(name ? [] : [required(`${field}.name`)]), ...itemCauses(items ?? [], `${field}.items`)];
  });
}

function tokenCauses(token: ProjectedSource["serviceAccountToken"], at: string): FieldCause[] {
  const seconds = token?.expirationSeconds ?? MINUTES_MIN_S;
  const field = `${at}.expirationSeconds`;
  const causes: FieldCause[] = [];
  if (seconds < MINUTES_MIN_S)
    causes.push(invalidValue(field, seconds, "may not specify a duration less than 10 minutes"));
  if (seconds > EXPIRATION_MAX_S)
    causes.push(invalidValue(field, seconds, "may not specify a duration larger than 2^32 seconds"));
  return [...causes, ...localPathCauses(token?.path ?? "", `${at}.path`)];
}
