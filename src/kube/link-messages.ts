import type { Status } from "../api/status.ts";
import type { DeleteOptions, Patch, Selection } from "./client.ts";

/** What travels on the link when a component of the other process uses the API: plain JSON. */
export const REQUESTS = "kube.requests";
export const ANSWERS = "kube.answers";

/** Kinds travel by group and plural. */
export interface KindName {
  readonly group: string;
  readonly plural: string;
}

export type LinkRequest = { readonly id: number; readonly actor: string; readonly kind: KindName } & (
  | { readonly verb: "get"; readonly namespace: string; readonly name: string }
  | { readonly verb: "list"; readonly selection: Selection }
  | { readonly verb: "create" | "update" | "updateStatus"; readonly object: unknown }
  | { readonly verb: "patch"; readonly namespace: string; readonly name: string; readonly patch: Patch }
  | {
      readonly verb: "delete";
      readonly namespace: string;
      readonly name: string;
      readonly options: DeleteOptions;
    }
  | { readonly verb: "watch"; readonly selection: Selection & { resourceVersion: string } }
  /** Ends the watch with the same id. */
  | { readonly verb: "unwatch" }
);

export type LinkAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Status }
  /** Events of a watch, in order; several when they came in one turn. */
  | { readonly id: number; readonly events: readonly unknown[] };
