import { posix } from "node:path";
import type { Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

const TEXT_FILE =
  /\.(ts|js|mjs|json|md|yaml|yml|txt|go|mod|sum|sh|html|css|toml)$|(^|\/)(DEPS|run|ebb|\.gitignore)$/;

/** Built from parts, so that this file passes its own rule; `machine` is the fixture's, which names no real one. */
const MACHINE_PATHS = ["work", "root", "machine"].map((folder) => `/${folder}/`);
const MACHINE_PATH = new RegExp(`(?<![\\w.}*-])(${MACHINE_PATHS.join("|")})`);

/** The repository speaks of itself alone: no path of the machine that it was written on. */
export function checkWords(tree: Tree): Violation[] {
  return eachLine(tree, TEXT_FILE, (text) => {
    const match = MACHINE_PATH.exec(text);
    if (!match) return undefined;
    const problem = `names ${match[1]}, a path of one machine`;
    return { rule: "word", problem, remedy: "say it relative to the repository" };
  });
}

/** A note to do something later names the issue in which it will be done. */
export function checkTodos(tree: Tree): Violation[] {
  return eachLine(tree, /\.(ts|sh|go)$|^(bin\/ebb|\.ci\/run)$/, (text) => {
    if (!/(\/\/|#|\*)\s*(TODO|FIXME|XXX)\b(?!.*#\d+)/.test(text)) return undefined;
    return { rule: "todo", problem: "a note without an issue number", remedy: "write TODO(#123), or do it" };
  });
}

/** Links from one document to another lead somewhere. */
export function checkLinks(tree: Tree): Violation[] {
  const violations: Violation[] = [];
  for (const path of tree.files.filter((file) => file.endsWith(".md"))) {
    const lines = tree.text(path).split("\n");
    lines.forEach((text, index) => {
      for (const [, link = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        const target = link.replace(/#.*/, "");
        if (target === "" || /^[a-z]+:/.test(target)) continue;
        if (tree.has(posix.join(posix.dirname(path), target))) continue;
        const remedy = "correct the link or write the page";
        violations.push({
          file: path,
          line: index + 1,
          rule: "link",
          problem: `${link} leads nowhere`,
          remedy,
        });
      }
    });
  }
  return violations;
}

type Finding = Pick<Violation, "rule" | "problem" | "remedy">;

function eachLine(tree: Tree, files: RegExp, judge: (text: string) => Finding | undefined): Violation[] {
  return tree.files
    .filter((path) => files.test(path))
    .flatMap((path) =>
      tree
        .text(path)
        .split("\n")
        .flatMap((text, index) => {
          const finding = judge(text);
          return finding ? [{ file: path, line: index + 1, ...finding }] : [];
        }),
    );
}
