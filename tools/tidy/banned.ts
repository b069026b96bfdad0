import type { SourceFile } from "./source.ts";
import type { Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

/** Time, chance, environment and console are ports: real ones only in src/base and src/programs. */
export function checkBanned(tree: Tree): Violation[] {
  return tree.sources
    .filter(isBound)
    .flatMap((source) => [...bannedGlobals(source), ...bannedImports(source)]);
}

const CLOCK = "take a Clock (src/base/clock.ts)";
const DEFER = "use Clock.schedule, a promise or queueMicrotask";
const RANDOM = "take a Random (src/base/random.ts)";
const PASSED = "let src/programs read it and pass the value in";

const GLOBALS: Readonly<Record<string, string>> = {
  "Date.now": CLOCK,
  "new Date()": CLOCK,
  "performance.now": CLOCK,
  performance: CLOCK,
  "process.hrtime": CLOCK,
  "process.uptime": CLOCK,
  setTimeout: DEFER,
  setInterval: DEFER,
  setImmediate: DEFER,
  "process.nextTick": DEFER,
  "AbortSignal.timeout": DEFER,
  "Math.random": RANDOM,
  "crypto.randomUUID": RANDOM,
  "crypto.randomBytes": RANDOM,
  "crypto.getRandomValues": RANDOM,
  "process.env": PASSED,
  "process.argv": PASSED,
  console: "take a Log (src/base/log.ts)",
};

/** Module → names that may not be imported from it; "*" = nothing may. */
const IMPORTS: Readonly<Record<string, { readonly names: readonly string[]; readonly remedy: string }>> = {
  "node:timers": { names: ["*"], remedy: DEFER },
  "node:timers/promises": { names: ["*"], remedy: DEFER },
  "node:perf_hooks": { names: ["performance"], remedy: CLOCK },
  "node:process": { names: ["*"], remedy: PASSED },
  "node:console": { names: ["*"], remedy: "take a Log (src/base/log.ts)" },
  "node:crypto": { names: ["randomUUID", "randomBytes", "randomInt", "getRandomValues"], remedy: RANDOM },
};

function isBound({ path, isTest }: SourceFile): boolean {
  return path.startsWith("src/") && !isTest && !/^src\/(base|programs)\//.test(path);
}

function bannedGlobals(source: SourceFile): Violation[] {
  return source.globals.flatMap(({ line, name }) => {
    const root = name.split(".")[0] ?? name;
    const banned = Object.hasOwn(GLOBALS, name) ? name : Object.hasOwn(GLOBALS, root) ? root : undefined;
    const remedy = banned && GLOBALS[banned];
    return remedy ? [violation({ file: source.path, line }, `uses ${name}`, remedy)] : [];
  });
}

function bannedImports(source: SourceFile): Violation[] {
  return source.imports.flatMap(({ target, names, line, kind }) => {
    const ban = kind === "value" && Object.hasOwn(IMPORTS, target) ? IMPORTS[target] : undefined;
    if (!ban) return [];
    const wrong = ban.names.includes("*") ? [target] : names.filter((name) => ban.names.includes(name));
    return wrong.map((name) =>
      violation(
        { file: source.path, line },
        name === target ? `imports ${target}` : `imports ${name} from ${target}`,
        ban.remedy,
      ),
    );
  });
}

function violation(at: Pick<Violation, "file" | "line">, doing: string, remedy: string): Violation {
  return { ...at, rule: "banned", problem: `${doing} outside src/base and src/programs`, remedy };
}
