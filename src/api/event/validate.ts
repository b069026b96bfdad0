import { type FieldCause, invalidValue, invalidValues, required } from "../field-cause.ts";
import { qualifiedNameErrors } from "../syntax.ts";
import type { Event } from "./kind.ts";

const TEXT_MAX = 128;
const MESSAGE_MAX = 1024;

/** Kubernetes' rules of a new event: those with a time of their own must say more of themselves. */
export function eventCauses(event: Event): FieldCause[] {
  const about = event.involvedObject.namespace ?? "";
  const { namespace = "" } = event.metadata;
  const causes: FieldCause[] = [];
  if (about !== namespace && !(about === "" && namespace === "default"))
    causes.push(invalidValue("involvedObject.namespace", about, "does not match event.namespace"));
  if (!event.eventTime) return causes;
  const { reportingComponent = "", reportingInstance = "", action = "", reason = "", message = "" } = event;
  const controller = "reportingController";
  if (reportingComponent === "") causes.push(required(controller));
  causes.push(...invalidValues(controller, reportingComponent, qualifiedNameErrors(reportingComponent)));
  causes.push(...textCauses("reportingInstance", reportingInstance), ...textCauses("action", action));
  causes.push(...textCauses("reason", reason));
  if (message.length > MESSAGE_MAX)
    causes.push(invalidValue("message", "", `can have at most ${MESSAGE_MAX} characters`));
  return causes;
}

function textCauses(field: string, text: string): FieldCause[] {
  if (text === "") return [required(field)];
  return text.length > TEXT_MAX ? [invalidValue(field, "", `can have at most ${TEXT_MAX} characters`)] : [];
}
