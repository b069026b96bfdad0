import { ageOf } from "../age.ts";
import type { ObjectRef } from "../endpoints/kind.ts";
import type { Kind } from "../kind.ts";
import { type ApiObject, objectMetaSchema, objectReferenceSchema } from "../object.ts";
import { integer, object, type Schema, string } from "../schema.ts";

export interface Event extends ApiObject {
  involvedObject: ObjectRef;
  reason?: string;
  message?: string;
  source?: { component?: string; host?: string };
  firstTimestamp?: string | null;
  lastTimestamp?: string | null;
  count?: number;
  type?: "Normal" | "Warning";
  eventTime?: string | null;
  series?: { count?: number; lastObservedTime?: string };
  action?: string;
  related?: ObjectRef;
  reportingComponent?: string;
  reportingInstance?: string;
}

const time = string({ format: "date-time", nullable: true, alwaysWritten: true });

const SOURCE = { alwaysWritten: true, openApi: { type: "core.v1.EventSource" } };

const schema = object(
  {
    involvedObject: objectReferenceSchema,
    metadata: objectMetaSchema,
  },
  {
    apiVersion: string(),
    kind: string(),
    reason: string(),
    message: string(),
    source: object({}, { component: string(), host: string() }, SOURCE),
    firstTimestamp: time,
    lastTimestamp: time,
    count: integer({ format: "int32" }),
    type: string(),
    eventTime: time,
    series: object(
      {},
      { count: integer({ format: "int32" }), lastObservedTime: string({ format: "date-time" }) },
      { openApi: { type: "core.v1.EventSeries" } },
    ),
    action: string(),
    related: objectReferenceSchema,
    reportingComponent: string({ alwaysWritten: true }),
    reportingInstance: string({ alwaysWritten: true }),
  },
) as Schema as Schema<Event>;

export const EventKind: Kind<Event> = {
  group: "",
  version: "v1",
  kind: "Event",
  plural: "events",
  singular: "event",
  shortNames: ["ev"],
  categories: [],
  namespaced: true,
  custom: false,
  statusSubresource: false,
  schema,
  columns: [
    { name: "Last Seen", type: "string", value: lastSeenText },
    { name: "Type", type: "string", value: (event: Event) => event.type ?? "" },
    { name: "Reason", type: "string", value: (event: Event) => event.reason ?? "" },
    { name: "Object", type: "string", value: objectText },
    {
      name: "Subobject",
      type: "string",
      priority: 1,
      value: (event: Event) => event.involvedObject.fieldPath ?? "",
    },
    {
      name: "Source",
      type: "string",
      priority: 1,
      value: (event: Event) => sourceText(event),
    },
    { name: "Message", type: "string", value: (event: Event) => (event.message ?? "").trim() },
    { name: "First Seen", type: "string", priority: 1, value: firstSeenText },
    { name: "Count", type: "string", priority: 1, value: countText },
    { name: "Name", type: "string", priority: 1, value: (event: Event) => event.metadata.name ?? "" },
  ],
};

function objectText(event: Event): string {
  const kind = (event.involvedObject.kind ?? "").toLowerCase();
  const name = event.involvedObject.name ?? "";
  return name === "" ? kind : `${kind}/${name}`;
}

function sourceText(event: Event): string {
  const component = event.source?.component || event.reportingComponent || "";
  const host = event.source?.host || event.reportingInstance || "";
  return host === "" ? component : `${component}, ${host}`;
}

function firstSeenText(event: Event, nowMs: number): string {
  return ageOf(event.firstTimestamp ?? event.eventTime, nowMs);
}

function lastSeenText(event: Event, nowMs: number): string {
  if (event.series?.lastObservedTime !== undefined) return ageOf(event.series.lastObservedTime, nowMs);
  if (event.lastTimestamp) return ageOf(event.lastTimestamp, nowMs);
  return firstSeenText(event, nowMs);
}

function countText(event: Event): number {
  return event.series?.count ?? event.count ?? 1;
}
