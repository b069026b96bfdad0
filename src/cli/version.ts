import type { Terminal } from "./command.ts";

export function version(number: string, terminal: Terminal): number {
  terminal.out(`ebb ${number} (node ${process.version}, ${process.platform} ${process.arch})\n`);
  return 0;
}
