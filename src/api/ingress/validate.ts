import { FieldErrors, HERE, invalidValue, missingField } from "../admission/field-error.ts";
import { isSame } from "../admission/same.ts";
import type { Ingress, IngressPath, IngressRule, IngressSplit, IngressTls } from "./kind.ts";

/** spec A-129. */
export function validateIngress(ingress: Ingress): FieldErrors {
  const spec = ingress.spec ?? {};
  if (Object.values(spec).every((value) => isSame(value, undefined))) return missingField("spec");
  const namespace = ingress.metadata.namespace ?? "";
  const { rules = [], tls = [], httpOption = "" } = spec;
  const isOptionKnown = ["", "Enabled", "Redirected"].includes(httpOption);
  return FieldErrors.none
    .also(
      rules.length === 0 ? missingField("rules") : FieldErrors.none,
      ...rules.map((rule, index) => ruleErrors(rule, namespace).viaFieldIndex("rules", index)),
      ...tls.map((one, index) => tlsErrors(one).viaFieldIndex("tls", index)),
      isOptionKnown ? FieldErrors.none : invalidValue(httpOption, "httpOption"),
    )
    .viaField("spec");
}

function ruleErrors(rule: IngressRule, namespace: string): FieldErrors {
  // Knative's own program breaks on this; a clean refusal is the better answer (errata A-101).
  if (rule.http === undefined) return missingField("http");
  const paths = rule.http.paths ?? [];
  if (paths.length === 0) return missingField("paths").viaField("http");
  return FieldErrors.none
    .also(...paths.map((path, index) => pathErrors(path, namespace).viaFieldIndex("paths", index)))
    .viaField("http");
}

function pathErrors(path: IngressPath, namespace: string): FieldErrors {
  const splits = path.splits ?? [];
  if (splits.length === 0) {
    const isEmpty = Object.values(path).every((value) => isSame(value, undefined) || value === "");
    return missingField(isEmpty ? HERE : "splits");
  }
  for (const [index, split] of splits.entries()) {
    const errors = splitErrors(split, namespace);
    if (!errors.isEmpty) return errors.viaFieldIndex("splits", index);
  }
  const total = splits.reduce((sum, one) => sum + (one.percent ?? 0), 0);
  if ((splits.length === 1 && total === 0) || total === 100) return FieldErrors.none;
  return FieldErrors.of(`traffic split percentage must total to 100, but was ${total}`, ["splits"]);
}

function splitErrors(split: IngressSplit, namespace: string): FieldErrors {
  const percent = split.percent ?? 0;
  const isPercent = percent >= 0 && percent <= 100;
  const hasPort = split.servicePort !== undefined && split.servicePort !== 0;
  const { serviceName = "", serviceNamespace = "" } = split;
  const isBackendEmpty = serviceName === "" && serviceNamespace === "" && !hasPort;
  const percentErrors = isPercent ? FieldErrors.none : invalidValue(percent, "percent");
  if (isBackendEmpty) return percentErrors.also(missingField(HERE));
  let errors = percentErrors;
  if (serviceNamespace === "") errors = errors.also(missingField("serviceNamespace"));
  else if (serviceNamespace !== namespace) {
    errors = errors.also(
      FieldErrors.of("service namespace must match ingress namespace", ["serviceNamespace"]),
    );
  }
  if (serviceName === "") errors = errors.also(missingField("serviceName"));
  return hasPort ? errors : errors.also(missingField("servicePort"));
}

function tlsErrors({ hosts, secretName = "", secretNamespace = "" }: IngressTls): FieldErrors {
  if (isSame(hosts, undefined) && secretName === "" && secretNamespace === "") return missingField(HERE);
  return FieldErrors.none.also(
    secretName === "" ? missingField("secretName") : FieldErrors.none,
    secretNamespace === "" ? missingField("secretNamespace") : FieldErrors.none,
  );
}
