/**
 * What `kubectl explain` printed without its descriptions, which ebb has in its own words or not at all: the heading
 * with group, kind, version, field and type, a field's ENUM, and every line `name <type> -required-` with the line of
 * its known values, in order and with their indentation. Where a description stands is left, but not whether it is
 * empty.
 */
export function structureExplained(text: string): string[] {
  const kept: string[] = [];
  let section = "";
  let isAfterField = false;
  for (const line of text.split("\n")) {
    const heading = /^(\S[^:]*):/.exec(line)?.[1];
    section = heading ?? section;
    const isField = section === "FIELDS" && FIELD.test(line);
    const isEnum = isAfterField && /^ +enum: /.test(line);
    if (heading !== undefined || isField || isEnum || (line !== "" && section === "ENUM")) kept.push(line);
    isAfterField = isField;
  }
  return kept;
}

const FIELD = /^ +\S+\t<\S+>( -required-)?$/;
