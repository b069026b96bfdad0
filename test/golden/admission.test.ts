import assert from "node:assert/strict";
import { admit } from "../../src/api/admission/admit.ts";
import { AdmissionDenied } from "../../src/api/admission/request.ts";
import { defaultConfig } from "../../src/api/config/config.ts";
import { findKindOf } from "../../src/api/kinds.ts";
import type { ApiObject } from "../../src/api/object.ts";
import { prune } from "../../src/api/structural.ts";
import { type GoldenCase, judgeGolden } from "../support/golden.ts";
import { admissionExceptions } from "./admission.exceptions.ts";

interface Answer {
  readonly allowed: boolean;
  readonly object?: ApiObject;
  readonly warnings?: readonly string[];
  readonly code?: number;
  readonly message?: string;
}

interface AdmissionCase extends GoldenCase {
  readonly operation: "CREATE" | "UPDATE";
  readonly user: string;
  readonly object: ApiObject;
  readonly oldObject?: ApiObject;
  readonly subresource?: string;
  readonly fieldValidation?: string;
  /** To the request as a dry run, which tries the pod too. */
  readonly answer: Answer;
  readonly answerWithoutDryRun?: Answer;
}

const config = defaultConfig();

function answerOf(recorded: AdmissionCase, dryRun: boolean): Answer {
  const object = structuredClone(recorded.object);
  const kind = findKindOf(object.apiVersion ?? "", object.kind ?? "");
  if (kind === undefined) throw new Error(`no kind ${object.kind}`);
  if (object.metadata.name === undefined && object.metadata.generateName !== undefined) {
    object.metadata.name = `${object.metadata.generateName}abcde`;
  }
  // The server takes all but the status from the stored object before admission (E-202).
  if (recorded.subresource === "status" && recorded.oldObject !== undefined) {
    const { status } = object as { status?: unknown };
    Object.assign(object, structuredClone(recorded.oldObject), { status });
  }
  const unknown = prune(kind.schema, object).map((path) => `unknown field "${path}"`);
  if (unknown.length > 0 && recorded.fieldValidation === "Strict") {
    const version = kind.version;
    const message = `${kind.kind} in version "${version}" cannot be handled as a ${kind.kind}: strict decoding error: `;
    return { allowed: false, code: 400, message: message + unknown.join(", "), warnings: [] };
  }
  try {
    const admitted = admit({
      kind,
      operation: recorded.operation,
      object,
      ...(recorded.oldObject === undefined ? {} : { oldObject: recorded.oldObject }),
      ...(recorded.subresource === undefined ? {} : { subresource: recorded.subresource }),
      user: { username: recorded.user },
      config,
      dryRun,
      suffix: "abcde",
    });
    return { allowed: true, object: admitted.object, warnings: [...unknown, ...admitted.warnings] };
  } catch (thrown) {
    if (!(thrown instanceof AdmissionDenied)) throw thrown;
    return {
      allowed: false,
      code: thrown.code,
      message: thrown.message,
      warnings: [...unknown, ...thrown.warnings],
    };
  }
}

/** From "validation failed:" on, as the recorded cases' own replayer compares. */
function tail(message: string): string {
  const start = message.indexOf("validation failed:");
  return start >= 0
    ? message.slice(start)
    : message.replace(/^admission webhook "[^"]*" denied the request: /, "");
}

const VOLATILE = ["managedFields", "uid", "creationTimestamp", "resourceVersion", "generation", "selfLink"];

function comparable(object: ApiObject, withStatus: boolean): unknown {
  const copy = structuredClone(object) as ApiObject & { status?: unknown };
  for (const field of VOLATILE) delete (copy.metadata as Record<string, unknown>)[field];
  if (!withStatus) delete copy.status;
  return copy;
}

function assertMatches(got: unknown, want: unknown): void {
  const generated = /abcde/g;
  const text = JSON.stringify(want);
  if (!text.includes("?????")) assert.deepEqual(got, want);
  else assert.deepEqual(JSON.parse(JSON.stringify(got).replace(generated, "?????")), want);
}

judgeGolden<AdmissionCase>({
  file: "admission.jsonl",
  exceptions: admissionExceptions,
  judge: (recorded) => {
    const { answerWithoutDryRun } = recorded;
    const problem = differenceOf(answerOf(recorded, true), recorded.answer, recorded);
    if (problem !== undefined || answerWithoutDryRun === undefined) return problem;
    return differenceOf(answerOf(recorded, false), answerWithoutDryRun, recorded);
  },
});

function differenceOf(got: Answer, want: Answer, recorded: AdmissionCase): string | undefined {
  if (want.allowed !== got.allowed) {
    return `want ${want.allowed ? "allowed" : want.message}, got ${got.allowed ? "allowed" : got.message}`;
  }
  if (want.allowed && want.object !== undefined && got.object !== undefined) {
    const withStatus = recorded.subresource === "status";
    assertMatches(comparable(got.object, withStatus), comparable(want.object, withStatus));
  }
  if (!want.allowed) {
    assertMatches(tail(got.message ?? ""), tail(want.message ?? ""));
    if (want.code !== undefined) assert.equal(got.code, want.code);
  }
  assert.deepEqual([...(got.warnings ?? [])].sort(), [...(want.warnings ?? [])].sort());
  return undefined;
}
