import type { PodTemplate } from "../../api/pod-spec.ts";

export const TEMPLATE_HASH = "pod-template-hash";
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** A short name for a template; the same for the same template, whatever the order of its fields. */
export function templateHash(template: PodTemplate, collisionCount = 0): string {
  let hash = 2166136261;
  for (const char of `${canonical(template)}${collisionCount || ""}`)
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619) >>> 0;
  return [...String(hash)].map((digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join("");
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "";
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
}
