type Labels = Readonly<Record<string, string>> | undefined;

export function hasAll(wanted: Readonly<Record<string, string>>, labels: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
}
