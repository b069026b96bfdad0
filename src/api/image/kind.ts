import { type DuckStatus, duckStatusFields } from "../duck-status.ts";
import type { Kind } from "../kind.ts";
import { type Resource, resource } from "../resource.ts";
import { array, object, string } from "../schema.ts";

export interface ImageSpec {
  image: string;
  serviceAccountName?: string;
  imagePullSecrets?: { name?: string }[];
}

export type ImageStatus = DuckStatus;
export type Image = Resource<ImageSpec, ImageStatus>;

/** A hint which image a node may fetch early (spec A-012). */
export const ImageKind: Kind<Image> = {
  group: "caching.internal.knative.dev",
  version: "v1alpha1",
  kind: "Image",
  plural: "images",
  singular: "image",
  shortNames: [],
  categories: ["knative-internal", "caching"],
  namespaced: true,
  custom: true,
  statusSubresource: true,
  schema: resource<ImageSpec, ImageStatus>(
    object(
      { image: string() },
      {
        serviceAccountName: string(),
        imagePullSecrets: array(object({}, { name: string({ default: "" }) }, { mapType: "atomic" })),
      },
    ),
    object({}, duckStatusFields),
  ),
  columns: [{ name: "Image", type: "string", value: ".spec.image" }],
};
