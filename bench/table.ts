import { readFileSync } from "node:fs";
import type { Row } from "./data-plane/rounds.ts";

/**
 * Prints the tables of a result of `npm run bench -- data-plane` or `-- api` as Markdown, for docs/performance.md:
 *
 *   node bench/table.ts bench/results/data-plane-connections.json
 */
interface Result {
  readonly machine: { readonly date: string; readonly commit: string; readonly loadBefore: number };
  readonly figures: { readonly tables: Readonly<Record<string, readonly Row[]>> };
}

function table(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells: readonly (number | string)[]) => `| ${cells.join(" | ")} |`;
  const body = rows.map((row) => line(columns.map((column) => row[column] ?? "")));
  return [line(columns), line(columns.map(() => "---")), ...body].join("\n");
}

/** Nothing for a bench without tables. */
export function tablesText(tables: Readonly<Record<string, readonly Row[]>> = {}): string {
  return Object.entries(tables)
    .map(([name, rows]) => `**${name}**\n\n${table(rows)}\n`)
    .join("\n");
}

if (import.meta.main)
  for (const path of process.argv.slice(2)) {
    const { machine, figures } = JSON.parse(readFileSync(path, "utf8")) as Result;
    console.log(`\`${machine.commit}\`, ${machine.date}, load average at the start ${machine.loadBefore}\n`);
    console.log(tablesText(figures.tables));
  }
