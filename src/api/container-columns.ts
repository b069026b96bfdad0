import type { Column } from "./kind.ts";
import { type LabelSelector, labelSelectorText } from "./label-selector.ts";
import type { PodTemplate } from "./pod-spec.ts";

interface OwnerOfPods {
  spec: { template: PodTemplate; selector?: LabelSelector };
}

/** The wide columns that deployments and replica sets share. */
export const CONTAINER_COLUMNS: readonly Column[] = [
  {
    name: "Containers",
    type: "string",
    priority: 1,
    value: (owner: OwnerOfPods) => owner.spec.template.spec.containers.map((one) => one.name).join(","),
  },
  {
    name: "Images",
    type: "string",
    priority: 1,
    value: (owner: OwnerOfPods) =>
      owner.spec.template.spec.containers.map((one) => one.image ?? "").join(","),
  },
  {
    name: "Selector",
    type: "string",
    priority: 1,
    value: (owner: OwnerOfPods) => labelSelectorText(owner.spec.selector),
  },
];
