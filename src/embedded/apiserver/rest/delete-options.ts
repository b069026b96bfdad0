import { failure } from "../../../api/status.ts";
import type { DeleteOptions } from "../../../kube/client.ts";
import { isRecord } from "../any-object.ts";
import type { WriteOptions } from "../context.ts";
import { type Cause, invalid } from "../failures.ts";
import { readJson, textOf } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import { integerOf } from "./list-options.ts";
import { dryRunCauses, managerOf } from "./write-options.ts";

/** DeleteOptions from body and query, with Kubernetes' words for what is wrong (spec E-209). */
export interface DecodedDelete {
  readonly how: DeleteOptions;
  readonly options: WriteOptions;
}

const POLICIES = ["Foreground", "Background", "Orphan"];

export async function deleteOptionsOf(exchange: Exchange): Promise<DecodedDelete> {
  const { query, request, caller, warnings } = exchange;
  const body = request.body.length === 0 ? {} : await bodyOf(exchange);
  const preconditions = isRecord(body.preconditions) ? body.preconditions : {};
  const grace = integerOf(query.get("gracePeriodSeconds")) ?? body.gracePeriodSeconds;
  const policy = query.get("propagationPolicy") ?? body.propagationPolicy;
  const orphan = orphanOf(query.get("orphanDependents") ?? body.orphanDependents);
  const dryRun = query.getAll("dryRun").length > 0 ? query.getAll("dryRun") : listOf(body.dryRun);
  check({ policy, orphan, dryRun });
  const propagationPolicy = (policy ??
    (orphan === undefined ? undefined : orphan ? "Orphan" : "Background")) as
    | DeleteOptions["propagationPolicy"]
    | null;
  const manager = managerOf(exchange);
  return {
    options: { caller, manager, dryRun: dryRun.length > 0, fieldValidation: "Ignore", warnings },
    how: {
      ...(propagationPolicy ? { propagationPolicy } : {}),
      ...(typeof grace === "number" ? { gracePeriodSeconds: grace } : {}),
      ...(typeof preconditions.uid === "string" ? { uid: preconditions.uid } : {}),
      ...(typeof preconditions.resourceVersion === "string"
        ? { resourceVersion: preconditions.resourceVersion }
        : {}),
    },
  };
}

async function bodyOf({ request }: Exchange): Promise<Record<string, unknown>> {
  const text = textOf(request.body);
  if ((request.headers["content-type"] ?? "").startsWith("application/yaml")) {
    const { parse } = await import("yaml");
    const parsed: unknown = parse(text);
    return isRecord(parsed) ? parsed : {};
  }
  const { value: body, problem } = readJson(text);
  if (problem !== undefined)
    throw failure(500, "", `couldn't get version/kind; json parse error: ${problem}`);
  if (!isRecord(body))
    throw failure(500, "", "couldn't get version/kind; json parse error: json: not an object");
  const { kind = "DeleteOptions", apiVersion = "v1" } = body;
  if (kind !== "DeleteOptions")
    throw failure(
      500,
      "",
      `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:110"`,
    );
  return body;
}

function orphanOf(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  return typeof value === "string" ? value !== "false" && value !== "0" : undefined;
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function check(options: { policy: unknown; orphan: boolean | undefined; dryRun: readonly string[] }): void {
  const causes: Cause[] = [];
  const field = "propagationPolicy";
  if (options.policy !== undefined && options.policy !== null) {
    const shown = JSON.stringify(options.policy);
    if (options.orphan !== undefined) {
      const message = `Invalid value: ${shown}: orphanDependents and deletionPropagation cannot be both set`;
      causes.push({ reason: "FieldValueInvalid", message, field });
    }
    if (!POLICIES.includes(String(options.policy))) {
      const message = `Unsupported value: ${shown}: supported values: "Foreground", "Background", "Orphan", "nil"`;
      causes.push({ reason: "FieldValueNotSupported", message, field });
    }
  }
  causes.push(...dryRunCauses(options.dryRun));
  if (causes.length > 0) throw invalid({ kind: "DeleteOptions", group: "meta.k8s.io" }, "", causes);
}
