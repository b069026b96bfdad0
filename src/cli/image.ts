import { parseArgs } from "node:util";
import { homeAt, prepareHome } from "../embedded/home/home.ts";
import type { ImageStore } from "../embedded/node/images/image-store.ts";
import { flagError, homeOption, type Terminal, UsageError } from "./command.ts";

/** `ebb image add|list|remove`: works on the store's files, whether or not an engine runs on that home. */
export async function image(
  args: readonly string[],
  terminal: Terminal,
  openStore: (folder: string) => ImageStore,
): Promise<number> {
  const { values, words, command } = parse(args);
  const [verb, name, path] = words;
  const home = homeAt(homeOption(values.home, terminal));
  const store = () => {
    prepareHome(home);
    return openStore(home.images);
  };
  switch (verb) {
    case "add": {
      if (name === undefined || path === undefined || words.length > 3) {
        throw new UsageError("write: ebb image add NAME PATH [-- command…]");
      }
      const added = await store().add(name, path, { command });
      terminal.out(`${added.reference} ${added.digest} runs: ${added.command.join(" ")}\n`);
      return 0;
    }
    case "list":
      return list(store(), terminal);
    case "remove":
      if (name === undefined || words.length > 2) throw new UsageError("write: ebb image remove NAME");
      await store().remove(name);
      terminal.out(`removed ${name}\n`);
      return 0;
    default:
      throw new UsageError(`ebb image takes add, list or remove, not "${verb ?? ""}"`);
  }
}

async function list(store: ImageStore, terminal: Terminal): Promise<number> {
  const images = await store.list();
  const rows = images.map(({ reference, digest, bytes, command }) => [
    reference,
    digest.slice(0, "sha256:".length + 12),
    `${Math.ceil(bytes / 1024)} KiB`,
    command.join(" "),
  ]);
  const table = [["NAME", "DIGEST", "SIZE", "COMMAND"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  for (const row of table) {
    terminal.out(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("   ")
        .trimEnd()}\n`,
    );
  }
  return 0;
}

/** What stands behind `--` belongs to the program, flags included. */
function parse(args: readonly string[]) {
  const split = args.indexOf("--");
  const own = split === -1 ? args : args.slice(0, split);
  const command = split === -1 ? [] : args.slice(split + 1);
  try {
    const parsed = parseArgs({
      args: [...own],
      allowPositionals: true,
      options: { home: { type: "string" } },
    });
    return { values: parsed.values, words: parsed.positionals, command };
  } catch (thrown) {
    throw flagError("ebb image", thrown as Error);
  }
}
