import { recordsIn } from "../../../api/pod/defaults.ts";
import { timeText } from "../../../kube/time.ts";
import { type AnyObject, recordAt, valueAt } from "../any-object.ts";
import type { Written } from "../commit.ts";
import type { ServerContext, Target, WriteOptions } from "../context.ts";
import { badRequest, conflict } from "../failures.ts";
import { changeObject } from "./update.ts";

/** POST on a pod's /binding: gives it to a node, once (spec E-213). */
export function bindPod(
  context: ServerContext,
  { target, binding }: { readonly target: Target; readonly binding: AnyObject },
  options: WriteOptions,
): Promise<Written> {
  const node = valueAt(binding, ["target", "name"]);
  if (typeof node !== "string" || node === "")
    throw badRequest("a Binding must name the node in target.name");
  const change = (current: () => AnyObject): AnyObject => {
    const pod = current();
    const taken = valueAt(pod, ["spec", "nodeName"]);
    if (taken) {
      const why = `pod ${target.name} is already assigned to node ${JSON.stringify(taken)}`;
      throw conflict({ ...target.resource, plural: "pods/binding" }, target.name, why);
    }
    const status = recordAt(pod, ["status"]);
    const others = recordsIn(status, "conditions").filter(({ type }) => type !== "PodScheduled");
    const lastTransitionTime = timeText(context.clock.wall());
    const scheduled = { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime };
    return {
      ...pod,
      spec: { ...recordAt(pod, ["spec"]), nodeName: node },
      status: { ...status, conditions: [...others, scheduled] },
    };
  };
  return changeObject(context, { target, subresource: "binding", change }, options);
}
