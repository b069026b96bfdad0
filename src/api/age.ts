import type { Column } from "./kind.ts";
import type { ApiObject } from "./object.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/**
 * How long ago, as kubectl writes it: two units at most, the smaller one only while it says something
 * (`95s`, `3m20s`, `12m`, `5h7m`, `30h`, `3d4h`, `200d`, `2y64d`, `9y`).
 */
export function ageText(fromMs: number, nowMs: number): string {
  const seconds = Math.trunc((nowMs - fromMs) / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  const minutes = Math.trunc(seconds / MINUTE);
  if (minutes < 10) return twoUnits([minutes, "m"], [seconds % MINUTE, "s"]);
  if (minutes < 3 * 60) return `${minutes}m`;
  const hours = Math.trunc(seconds / HOUR);
  if (hours < 8) return twoUnits([hours, "h"], [minutes % 60, "m"]);
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(seconds / DAY);
  if (hours < 8 * 24) return twoUnits([days, "d"], [hours % 24, "h"]);
  if (hours < 2 * 365 * 24) return `${days}d`;
  const years = Math.trunc(seconds / YEAR);
  if (hours < 8 * 365 * 24) return twoUnits([years, "y"], [days % 365, "d"]);
  return `${years}y`;
}

type Amount = readonly [count: number, unit: string];

function twoUnits(large: Amount, small: Amount): string {
  const [count] = small;
  return count === 0 ? large.join("") : large.join("") + small.join("");
}

/** The age of a time stamp in RFC 3339, `<unknown>` when there is none. */
export function ageOf(timestamp: string | null | undefined, nowMs: number): string {
  if (timestamp === undefined || timestamp === null || timestamp === "") return "<unknown>";
  return ageText(Date.parse(timestamp), nowMs);
}

export const AGE_DESCRIPTION =
  "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to " +
  "be set in happens-before order across separate operations. Clients may not set this value. It is represented in " +
  "RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: " +
  "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/** The AGE column of Kubernetes' own kinds. */
export const AGE_COLUMN: Column = {
  name: "Age",
  type: "string",
  description: AGE_DESCRIPTION,
  value: (object: ApiObject, nowMs: number) => ageOf(object.metadata.creationTimestamp, nowMs),
};

/** What kinds without a printer of their own show: the time itself, no age. */
export const CREATED_AT_COLUMN: Column = {
  name: "Created At",
  type: "date",
  description: AGE_DESCRIPTION,
  value: (object: ApiObject) => object.metadata.creationTimestamp ?? "",
};
