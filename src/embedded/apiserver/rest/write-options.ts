import type { WriteOptions } from "../context.ts";
import { type Cause, invalid } from "../failures.ts";
import type { Exchange } from "./exchange.ts";
import { flagOf } from "./list-options.ts";

type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions";

const MANAGER_BYTES_MAX = 128;

/** What a write is asked for in its query (spec E-204, E-207, E-208); no fieldValidation acts as Warn. */
export function writeOptionsOf(exchange: Exchange, kind: OptionsKind, isApply = false): WriteOptions {
  const { query, caller, warnings } = exchange;
  const dryRun = query.getAll("dryRun").filter((mode) => mode !== "");
  const validation = query.get("fieldValidation") ?? "";
  const force = query.has("force") ? flagOf(query.get("force")) : undefined;
  const causes: Cause[] = [
    ...(kind === "PatchOptions" ? applyCauses(query.get("fieldManager") ?? "", { isApply, force }) : []),
    ...managerCauses(query.get("fieldManager") ?? ""),
    ...dryRunCauses(dryRun),
  ];
  if (!["", "Ignore", "Strict", "Warn"].includes(validation)) {
    const message = `Unsupported value: ${JSON.stringify(validation)}: supported values: "", "Ignore", "Strict", "Warn"`;
    causes.push({ reason: "FieldValueNotSupported", message, field: "fieldValidation" });
  }
  if (causes.length > 0) throw invalid({ kind, group: "meta.k8s.io" }, "", causes);
  const fieldValidation = validation === "" ? "Warn" : (validation as WriteOptions["fieldValidation"]);
  const manager = managerOf(exchange);
  return { caller, manager, force: force ?? false, dryRun: dryRun.length > 0, fieldValidation, warnings };
}

function applyCauses(
  manager: string,
  how: { readonly isApply: boolean; readonly force: boolean | undefined },
): Cause[] {
  if (how.isApply) {
    if (manager !== "") return [];
    const message = "Required value: is required for apply patch";
    return [{ reason: "FieldValueRequired", message, field: "fieldManager" }];
  }
  if (how.force === undefined) return [];
  const message = "Forbidden: may not be specified for non-apply patch";
  return [{ reason: "FieldValueForbidden", message, field: "force" }];
}

function managerCauses(manager: string): Cause[] {
  const field = "fieldManager";
  if (Buffer.byteLength(manager) > MANAGER_BYTES_MAX) {
    const message = `Too long: may not be more than ${MANAGER_BYTES_MAX} bytes`;
    return [{ reason: "FieldValueTooLong", message, field }];
  }
  if (isPrintable(manager)) return [];
  const message = `Invalid value: ${JSON.stringify(manager)}: should only contain printable characters`;
  return [{ reason: "FieldValueInvalid", message, field }];
}

export function dryRunCauses(dryRun: readonly string[]): Cause[] {
  if (dryRun.every((mode) => mode === "All")) return [];
  const shown = `[${dryRun.map((mode) => JSON.stringify(mode)).join(" ")}]`;
  const message = `Unsupported value: ${shown}: supported values: "All"`;
  return [{ reason: "FieldValueNotSupported", message, field: "dryRun" }];
}

/** The writer's name in metadata.managedFields: as asked, else the program in the User-Agent. */
export function managerOf({ query, request }: Exchange): string {
  const asked = query.get("fieldManager") ?? "";
  if (asked !== "") return asked;
  const program = (request.headers["user-agent"] ?? "").split("/")[0] ?? "";
  let name = "";
  for (const letter of program) {
    if (!isPrintable(letter)) continue;
    if (Buffer.byteLength(name + letter) > MANAGER_BYTES_MAX) break;
    name += letter;
  }
  return name === "" ? "unknown" : name;
}

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the plain blank. */
function isPrintable(text: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u.test(text);
}
