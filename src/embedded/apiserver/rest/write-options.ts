import type { WriteOptions } from "../context.ts";
import { type Cause, invalid } from "../failures.ts";
import { dryRunCauses } from "./delete-options.ts";
import type { Exchange } from "./exchange.ts";

/** dryRun and fieldValidation of a write (spec E-207, E-208); no fieldValidation acts as Warn. */
export function writeOptionsOf(
  exchange: Exchange,
  kind: "CreateOptions" | "UpdateOptions" | "PatchOptions",
): WriteOptions {
  const { query, caller, warnings } = exchange;
  const dryRun = query.getAll("dryRun").filter((mode) => mode !== "");
  const validation = query.get("fieldValidation") ?? "";
  const causes: Cause[] = dryRunCauses(dryRun);
  if (!["", "Ignore", "Strict", "Warn"].includes(validation)) {
    const message = `Unsupported value: ${JSON.stringify(validation)}: supported values: "", "Ignore", "Strict", "Warn"`;
    causes.push({ reason: "FieldValueNotSupported", message, field: "fieldValidation" });
  }
  if (causes.length > 0) throw invalid({ kind, group: "meta.k8s.io" }, "", causes);
  const fieldValidation = validation === "" ? "Warn" : (validation as WriteOptions["fieldValidation"]);
  return { caller, dryRun: dryRun.length > 0, fieldValidation, warnings };
}
