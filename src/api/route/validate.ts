import {
  disallowedFields,
  FieldErrors,
  HERE,
  invalidKeyName,
  missingOneOf,
  multipleOneOf,
  outOfBounds,
} from "../admission/field-error.ts";
import {
  creatorErrors,
  metadataErrors,
  ownerLabelErrors,
  rolloutDurationErrors,
} from "../admission/metadata.ts";
import type { Context } from "../admission/request.ts";
import { SERVICE } from "../labels.ts";
import { dns1035LabelErrors, qualifiedNameErrors } from "../syntax.ts";
import type { TrafficTarget } from "../traffic-target.ts";
import type { Route } from "./kind.ts";

export function validateRoute(context: Context, route: Route, old: Route | undefined): FieldErrors {
  const { metadata, spec } = route;
  let errors = metadataErrors(context, metadata, "refused")
    .also(
      ownerLabelErrors(metadata, SERVICE, "Service").viaField("labels"),
      rolloutDurationErrors(metadata.annotations).viaField("annotations"),
    )
    .viaField("metadata")
    .also(
      trafficErrors(spec?.traffic ?? [], "route")
        .viaField("traffic")
        .viaField("spec"),
    );
  if (old !== undefined && metadata.ownerReferences === undefined) {
    errors = errors.also(creatorErrors(old, route).viaField("metadata.annotations"));
  }
  return errors;
}

/** A Service's traffic goes to its own configuration, a Route must say where (spec A-113…A-115). */
type Owner = "service" | "route";

export function trafficErrors(traffic: readonly TrafficTarget[], owner: Owner): FieldErrors {
  const tags = new Map<string, number>();
  let errors = FieldErrors.none;
  let sum = 0;
  for (const [index, target] of traffic.entries()) {
    errors = errors.also(targetErrors(target, owner).viaIndex(index));
    sum += target.percent ?? 0;
    const tag = target.tag ?? "";
    if (tag === "") continue;
    const complaints = dns1035LabelErrors(tag);
    if (complaints.length > 0) {
      errors = errors.also(
        FieldErrors.of(`invalid value: not a DNS 1035 label: [${complaints.join(" ")}]`, [`tag[${index}]`]),
      );
    }
    const first = tags.get(tag);
    if (first === undefined) tags.set(tag, index);
    else {
      errors = errors.also(
        FieldErrors.of(`Multiple definitions for ${JSON.stringify(tag)}`, [
          `[${index}].tag`,
          `[${first}].tag`,
        ]),
      );
    }
  }
  if (sum === 100) return errors;
  return errors.also(FieldErrors.of(`Traffic targets sum to ${sum}, want 100`, [HERE]));
}

function targetErrors(target: TrafficTarget, owner: Owner): FieldErrors {
  const { percent } = target;
  const isPercent = percent === undefined || (percent >= 0 && percent <= 100);
  return latestErrors(target).also(
    destinationErrors(target, owner),
    isPercent ? FieldErrors.none : outOfBounds({ value: percent, low: 0, high: 100, path: "percent" }),
    (target.url ?? "") === "" ? FieldErrors.none : disallowedFields("url"),
  );
}

function latestErrors({ latestRevision, revisionName = "" }: TrafficTarget): FieldErrors {
  if (latestRevision === undefined || latestRevision === (revisionName === "")) return FieldErrors.none;
  return FieldErrors.of(
    `may not set revisionName ${JSON.stringify(revisionName)} when latestRevision is ${latestRevision}`,
    ["latestRevision"],
  );
}

function destinationErrors(target: TrafficTarget, owner: Owner): FieldErrors {
  const { revisionName = "", configurationName = "" } = target;
  if (owner === "service" && configurationName !== "") return disallowedFields("configurationName");
  if (revisionName !== "" && configurationName !== "") {
    return multipleOneOf("revisionName", "configurationName");
  }
  if (revisionName !== "") return nameErrors(revisionName, "revisionName");
  if (configurationName !== "") return nameErrors(configurationName, "configurationName");
  return owner === "service" ? FieldErrors.none : missingOneOf("revisionName", "configurationName");
}

function nameErrors(name: string, path: string): FieldErrors {
  const complaints = qualifiedNameErrors(name);
  return complaints.length === 0 ? FieldErrors.none : invalidKeyName(name, path, ...complaints);
}
