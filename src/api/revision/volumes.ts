/** Rules about volumes and where they are mounted (spec A-138…A-140). */

import { parseQuantity, quantityText, quantityValue } from "../../base/quantity.ts";
import {
  disallowedFields,
  FieldErrors,
  invalidValue,
  missingField,
  missingOneOf,
  multipleOneOf,
} from "../admission/field-error.ts";
import type { FeatureKey, FeaturesConfig } from "../config/features.ts";
import type { Container, VolumeMount } from "../container.ts";
import type { DownwardApiItem, KeyToPath, ProjectedSource, Volume } from "../pod-spec.ts";
import { dns1123LabelErrors } from "../syntax.ts";

type VolumeMap = ReadonlyMap<string, Volume>;
type Source = Exclude<keyof Volume, "name">;

interface GatedSource {
  readonly source: Source;
  readonly flag: FeatureKey;
  readonly title: string;
}

const GATED: readonly GatedSource[] = [
  { source: "emptyDir", flag: "kubernetes.podspec-volumes-emptydir", title: "EmptyDir" },
  { source: "persistentVolumeClaim", flag: "kubernetes.podspec-persistent-volume-claim", title: "" },
  { source: "hostPath", flag: "kubernetes.podspec-volumes-hostpath", title: "HostPath" },
  { source: "csi", flag: "kubernetes.podspec-volumes-csi", title: "CSI" },
  { source: "ephemeral", flag: "kubernetes.podspec-volumes-ephemeral", title: "Ephemeral" },
  { source: "image", flag: "kubernetes.podspec-volumes-image", title: "Image" },
];
const ALWAYS: readonly Source[] = ["secret", "configMap", "projected"];

export function volumesErrors(
  features: FeaturesConfig,
  volumes: readonly Volume[],
  containers: readonly Container[],
): FieldErrors {
  const mounted = new Set(containers.flatMap((one) => (one.volumeMounts ?? []).map((mount) => mount.name)));
  const seen = new Set<string>();
  let errors = FieldErrors.none;
  for (const [index, volume] of volumes.entries()) {
    if (seen.has(volume.name)) {
      errors = errors.also(named(`duplicate volume name ${JSON.stringify(volume.name)}`, index));
    }
    if (!mounted.has(volume.name)) {
      errors = errors.also(named(`volume with name ${JSON.stringify(volume.name)} not mounted`, index));
    }
    errors = errors.also(volumeErrors(features, volume).viaIndex(index));
    seen.add(volume.name);
  }
  return errors;
}

function named(message: string, index: number): FieldErrors {
  return FieldErrors.of(message, ["name"]).viaIndex(index);
}

function volumeErrors(features: FeaturesConfig, volume: Volume): FieldErrors {
  let errors = claimErrors(features, volume);
  for (const { source, flag, title } of GATED) {
    if (title === "" || volume[source] === undefined || features.flags[flag] === "Enabled") continue;
    errors = errors.also(
      FieldErrors.of(`${title} volume support is disabled, but found ${title} volume ${volume.name}`, []),
    );
  }
  const name = volume.name ?? "";
  // An error in the name replaces what was found before it, as in Knative.
  if (name === "") errors = missingField("name");
  else if (dns1123LabelErrors(name).length > 0) errors = invalidValue(name, "name");
  const closed = GATED.filter(
    ({ source, flag }) => volume[source] !== undefined && features.flags[flag] === "Disabled",
  );
  errors = errors.also(disallowedFields(...closed.map(({ source }) => source)));
  return errors.also(sourceErrors(volume), countErrors(features, volume));
}

function claimErrors(features: FeaturesConfig, volume: Volume): FieldErrors {
  const claim = volume.persistentVolumeClaim;
  if (claim === undefined) return FieldErrors.none;
  let errors = FieldErrors.none;
  if (features.flags["kubernetes.podspec-persistent-volume-claim"] !== "Enabled") {
    errors = errors.also(
      FieldErrors.of(
        `Persistent volume claim support is disabled, but found persistent volume claim ${claim.claimName ?? ""}`,
        [],
      ),
    );
  }
  const mayWrite = features.flags["kubernetes.podspec-persistent-volume-write"] === "Enabled";
  if (claim.readOnly === true || mayWrite) return errors;
  return errors.also(
    FieldErrors.of(
      "Persistent volume write support is disabled, but found persistent volume claim " +
        `${claim.claimName ?? ""} that is not read-only`,
      [],
    ),
  );
}

function sourceErrors(volume: Volume): FieldErrors {
  return FieldErrors.none.also(
    itemsErrors(volume.secret?.items),
    itemsErrors(volume.configMap?.items),
    ...(volume.projected?.sources ?? []).map((source, index) =>
      projectedErrors(source).viaFieldIndex("projected", index),
    ),
    emptyDirErrors(volume.emptyDir).viaField("emptyDir"),
    imageErrors(volume.image).viaField("image"),
  );
}

function countErrors(features: FeaturesConfig, volume: Volume): FieldErrors {
  const order: readonly Source[] = [...ALWAYS, ...GATED.map(({ source }) => source)];
  const found = order.filter((source) => volume[source] !== undefined);
  if (found.length > 1) return multipleOneOf(...found);
  if (found.length === 1) return FieldErrors.none;
  const open = GATED.filter(({ flag }) => features.flags[flag] === "Enabled").map(({ source }) => source);
  return missingOneOf(...ALWAYS, ...open);
}

function itemsErrors(items: readonly KeyToPath[] | undefined): FieldErrors {
  return FieldErrors.none.also(
    ...(items ?? []).map((item, index) => {
      let errors = FieldErrors.none;
      if (!item.key) errors = errors.also(missingField("key"));
      if (!item.path) errors = errors.also(missingField("path"));
      return errors.viaFieldIndex("items", index);
    }),
  );
}

function projectedErrors(projected: ProjectedSource): FieldErrors {
  let errors = FieldErrors.none;
  const found: string[] = [];
  for (const source of ["secret", "configMap"] as const) {
    const projection = projected[source];
    if (projection === undefined) continue;
    found.push(source);
    const nameErrors = projection.name ? FieldErrors.none : missingField("name");
    errors = errors.also(nameErrors.also(itemsErrors(projection.items)).viaField(source));
  }
  if (projected.serviceAccountToken !== undefined) {
    found.push("serviceAccountToken");
    if (!projected.serviceAccountToken.path) {
      errors = errors.also(missingField("path").viaField("serviceAccountToken"));
    }
  }
  if (projected.downwardAPI !== undefined) {
    found.push("downwardAPI");
    errors = errors.also(downwardErrors(projected.downwardAPI.items).viaField("downwardAPI"));
  }
  if (found.length === 0) {
    return errors.also(missingOneOf("secret", "configMap", "serviceAccountToken", "downwardAPI"));
  }
  return found.length > 1 ? errors.also(multipleOneOf(...found)) : errors;
}

function downwardErrors(items: readonly DownwardApiItem[] | undefined): FieldErrors {
  return FieldErrors.none.also(
    ...(items ?? []).map((item, index) => {
      let errors = FieldErrors.none;
      const { fieldRef, resourceFieldRef } = item;
      if (fieldRef === undefined && resourceFieldRef === undefined) {
        errors = errors.also(missingOneOf("fieldRef", "resourceFieldRef"));
      }
      if (fieldRef !== undefined && resourceFieldRef !== undefined) {
        errors = errors.also(
          FieldErrors.of("Within a single item, cannot set both", ["resourceFieldRef", "fieldRef"]),
        );
      }
      if (!item.path) errors = errors.also(missingField("path"));
      return errors.viaFieldIndex("items", index);
    }),
  );
}

function emptyDirErrors(directory: Volume["emptyDir"]): FieldErrors {
  if (directory === undefined) return FieldErrors.none;
  const { medium = "", sizeLimit } = directory;
  let errors = FieldErrors.none;
  if (medium !== "" && medium !== "Memory") errors = errors.also(invalidValue(medium, "medium"));
  if (sizeLimit !== undefined) {
    const quantity = parseQuantity(String(sizeLimit));
    if (quantityValue(quantity) < 0n) {
      errors = errors.also(invalidValue(quantityText(quantity), "sizeLimit"));
    }
  }
  return errors;
}

function imageErrors(image: Volume["image"]): FieldErrors {
  if (image === undefined) return FieldErrors.none;
  let errors = FieldErrors.none;
  if (!image.reference) errors = errors.also(missingField("reference"));
  const policy = image.pullPolicy ?? "";
  if (!["", "Always", "Never", "IfNotPresent"].includes(policy)) {
    errors = errors.also(invalidValue(policy, "pullPolicy"));
  }
  return errors;
}

const RESERVED_PATHS = new Set(["/", "/dev", "/dev/log"]);

export function volumeMountsErrors(
  features: FeaturesConfig,
  mounts: readonly VolumeMount[],
  volumes: VolumeMap,
): FieldErrors {
  const seen = new Set<string>();
  let errors = FieldErrors.none;
  for (const [index, mount] of mounts.entries()) {
    const volume = volumes.get(mount.name);
    let own = disallowedMountFields(features, mount);
    if (volume === undefined) {
      own = own.also(FieldErrors.of("volumeMount has no matching volume", ["name"]));
    }
    own = own.also(pathErrors(mount.mountPath ?? "", seen), readOnlyErrors(mount, volume));
    own = own.also(propagationErrors(features, mount));
    seen.add(cleanPath(mount.mountPath ?? ""));
    errors = errors.also(own.viaIndex(index));
  }
  return errors;
}

const MOUNT_FIELDS = ["name", "readOnly", "mountPath", "subPath"];

function disallowedMountFields(features: FeaturesConfig, mount: VolumeMount): FieldErrors {
  const mayPropagate = features.flags["kubernetes.podspec-volumes-mount-propagation"] !== "Disabled";
  const forbidden = Object.keys(mount).filter(
    (field) => !MOUNT_FIELDS.includes(field) && !(mayPropagate && field === "mountPropagation"),
  );
  return disallowedFields(...forbidden);
}

function pathErrors(path: string, seen: ReadonlySet<string>): FieldErrors {
  if (path === "") return missingField("mountPath");
  const clean = cleanPath(path);
  if (RESERVED_PATHS.has(clean)) {
    return FieldErrors.of(`mountPath ${JSON.stringify(clean)} is a reserved path`, ["mountPath"]);
  }
  if (!path.startsWith("/")) return invalidValue(path, "mountPath");
  if (seen.has(clean)) return invalidValue(`${JSON.stringify(path)} must be unique`, "mountPath");
  return FieldErrors.none;
}

function readOnlyErrors(mount: VolumeMount, volume: Volume | undefined): FieldErrors {
  const isWritable = volume?.emptyDir ?? volume?.persistentVolumeClaim ?? volume?.ephemeral;
  let errors = FieldErrors.none;
  if (isWritable === undefined && mount.readOnly !== true) {
    errors = errors.also(
      FieldErrors.of("volume mount should be readOnly for this type of volume", ["readOnly"]),
    );
  }
  if (volume?.persistentVolumeClaim?.readOnly === true && mount.readOnly !== true) {
    errors = errors.also(FieldErrors.of("volume is readOnly but volume mount is not", ["readOnly"]));
  }
  return errors;
}

function propagationErrors(features: FeaturesConfig, mount: VolumeMount): FieldErrors {
  if (mount.mountPropagation === undefined) return FieldErrors.none;
  let errors = FieldErrors.none;
  if (features.flags["kubernetes.podspec-volumes-mount-propagation"] !== "Enabled") {
    errors = errors.also(
      FieldErrors.of(
        `Volume Mount Propagation support is disabled, but found volume mount ${mount.name} with mount propagation`,
        [],
      ),
    );
  }
  if (mount.mountPropagation !== "None" && mount.mountPropagation !== "HostToContainer") {
    errors = errors.also(
      FieldErrors.of("mount propagation should be set to None or HostToContainer", ["mountPropagation"]),
    );
  }
  return errors;
}

/** Without `.`, `..` and doubled slashes, as Go's path.Clean. */
function cleanPath(path: string): string {
  if (path === "") return ".";
  const isAbsolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!isAbsolute) parts.push(part);
  }
  const joined = parts.join("/");
  if (isAbsolute) return `/${joined}`;
  return joined === "" ? "." : joined;
}
