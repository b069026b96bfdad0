import { setUserInfo } from "../admission/metadata.ts";
import type { Context } from "../admission/request.ts";
import type { ObjectMeta } from "../object.ts";
import { defaultRevisionSpec } from "../revision/defaults.ts";
import type { RevisionTemplate } from "../revision-spec.ts";
import type { Configuration } from "./kind.ts";

interface WithTemplate {
  readonly metadata: ObjectMeta;
  readonly spec: { template: RevisionTemplate };
}

/**
 * The template's defaults, unless it keeps the name that its maker chose: then new defaults would look like an edit
 * (spec A-096).
 */
export function defaultTemplate(context: Context, parent: WithTemplate, old: WithTemplate | undefined): void {
  const { template } = parent.spec;
  const name = template.metadata?.name ?? "";
  if (name !== "" && name === old?.spec?.template?.metadata?.name) return;
  defaultRevisionSpec(template.spec, {
    config: context.config,
    parent: parent.metadata,
    isCreate: context.operation === "CREATE",
  });
}

export function defaultConfiguration(
  context: Context,
  configuration: Configuration,
  old: Configuration | undefined,
): void {
  defaultTemplate(context, configuration, old);
  // One that a Service owns copies its maker from there.
  if (configuration.metadata.ownerReferences === undefined) setUserInfo(context, configuration, old);
}
