import type { ObjectRef } from "../endpoints/kind.ts";
import { type FieldCause, invalidValue, required } from "../field-cause.ts";
import type { Column, Kind } from "../kind.ts";
import { type ApiObject, objectMetaSchema, objectReferenceSchema } from "../object.ts";
import { integer, named, object, type Schema, string } from "../schema.ts";
import type { KindView } from "../view.ts";
import { type Event, EventKind } from "./kind.ts";

/** events.k8s.io/v1 Event: the same events with newer names of fields (spec E-188). */
export interface RegardingEvent extends ApiObject {
  eventTime?: string | null;
  series?: { count?: number; lastObservedTime?: string };
  reportingController?: string;
  reportingInstance?: string;
  action?: string;
  reason?: string;
  regarding?: ObjectRef;
  related?: ObjectRef;
  note?: string;
  type?: "Normal" | "Warning";
  deprecatedSource?: { component?: string; host?: string };
  deprecatedFirstTimestamp?: string | null;
  deprecatedLastTimestamp?: string | null;
  deprecatedCount?: number;
}

const time = string({ format: "date-time", nullable: true });
const int32 = integer({ format: "int32" });

const schema = object(
  { metadata: objectMetaSchema },
  {
    apiVersion: string(),
    kind: string(),
    eventTime: string({ format: "micro-time", nullable: true }),
    series: object(
      {},
      { count: int32, lastObservedTime: string({ format: "micro-time" }) },
      { openApi: { type: "events.v1.EventSeries", required: ["count", "lastObservedTime"] } },
    ),
    reportingController: string(),
    reportingInstance: string(),
    action: string(),
    reason: string(),
    regarding: objectReferenceSchema,
    related: objectReferenceSchema,
    note: string(),
    type: string(),
    deprecatedSource: named("core.v1.EventSource", object({}, { component: string(), host: string() })),
    deprecatedFirstTimestamp: time,
    deprecatedLastTimestamp: time,
    deprecatedCount: int32,
  },
  { openApi: { required: ["eventTime"] } },
) as Schema as Schema<RegardingEvent>;

const kind: Kind<RegardingEvent> = {
  ...EventKind,
  group: "events.k8s.io",
  schema,
  columns: EventKind.columns.map(columnOf),
};

/** The stored kind's columns read the stored shape. */
function columnOf(column: Column): Column {
  const { value } = column;
  if (typeof value === "string") return column;
  const read = value as (event: Event, nowMs: number) => string | number;
  return { ...column, value: (event: RegardingEvent, nowMs: number) => read(stored(event), nowMs) };
}

function shown(event: Event): RegardingEvent {
  const { involvedObject, message, source, firstTimestamp, lastTimestamp, count, ...rest } = event;
  const { reportingComponent, reportingInstance, ...others } = rest;
  return {
    ...others,
    eventTime: event.eventTime ?? null,
    ...(reportingComponent ? { reportingController: reportingComponent } : {}),
    ...(reportingInstance ? { reportingInstance } : {}),
    regarding: involvedObject,
    ...(message === undefined ? {} : { note: message }),
    deprecatedSource: source ?? {},
    deprecatedFirstTimestamp: firstTimestamp ?? null,
    deprecatedLastTimestamp: lastTimestamp ?? null,
    ...(count === undefined ? {} : { deprecatedCount: count }),
  };
}

function stored(event: RegardingEvent): Event {
  const { regarding, note, reportingController, deprecatedSource, deprecatedCount, ...rest } = event;
  const { deprecatedFirstTimestamp, deprecatedLastTimestamp, ...others } = rest;
  return {
    ...others,
    involvedObject: regarding ?? {},
    ...(note === undefined ? {} : { message: note }),
    source: deprecatedSource ?? {},
    firstTimestamp: deprecatedFirstTimestamp ?? null,
    lastTimestamp: deprecatedLastTimestamp ?? null,
    reportingComponent: reportingController ?? "",
    reportingInstance: event.reportingInstance ?? "",
    ...(deprecatedCount === undefined ? {} : { count: deprecatedCount }),
  };
}

function check(event: Event): FieldCause[] {
  const { eventTime, type = "", source = {}, count = 0 } = event;
  const causes: FieldCause[] = [];
  if (!eventTime) causes.push(required("eventTime"));
  if (!["Normal", "Warning"].includes(type))
    causes.push(invalidValue("type", "", `has invalid value: ${type}`));
  const mustBeUnset: readonly [string, boolean][] = [
    ["firstTimestamp", Boolean(event.firstTimestamp)],
    ["lastTimestamp", Boolean(event.lastTimestamp)],
    ["count", count !== 0],
    ["source", Boolean(source.component || source.host)],
  ];
  for (const [field, isSet] of mustBeUnset)
    if (isSet) causes.push(invalidValue(field, "", "needs to be unset"));
  return causes;
}

export const EVENT_VIEW: KindView = {
  kind: kind,
  of: EventKind,
  show: (event) => shown(event as Event),
  store: (event) => stored(event as RegardingEvent),
  check: (event) => check(event as Event),
};
