import type { ApiObject } from "./object.ts";
import type { Schema } from "./schema.ts";

/** The one definition of a kind: all that the API server, the client and discovery need to know of it. */
export interface Kind<T extends ApiObject = ApiObject> {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /**
   * True for what a cluster would serve from a CustomResourceDefinition (all of Knative's): other defaults for
   * update, patch and not-found answers (spec E-200, E-203, errata E-199).
   */
  readonly custom: boolean;
  readonly statusSubresource: boolean;
  readonly scaleSubresource?: boolean;
  readonly schema: Schema<T>;
  /** Table columns after NAME; AGE is one of them where kubectl shows it. */
  readonly columns: readonly Column[];
}

export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "date" | "boolean";
  readonly description?: string;
  /** 0 = always shown, 1 = only with -o wide. */
  readonly priority?: number;
  /** A JSON path as in a CRD (`.status.conditions[?(@.type=="Ready")].status`), or a function for computed cells. */
  readonly value: string | ((object: never, nowMs: number) => string | number);
}

/** `group/version`, or `v1` for the core group. */
export function apiVersionOf(kind: Pick<Kind, "group" | "version">): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}

/** How storage and quotas call the objects of a kind: `pods`, `deployments.apps`. */
export function collectionOf(kind: Pick<Kind, "group" | "plural">): string {
  return kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
}
