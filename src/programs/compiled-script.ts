import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { Script } from "node:vm";

export interface CompiledScript {
  /** V8 took the compiled form that was found. */
  readonly isCompiled: boolean;
  run(require: NodeJS.Require): void;
  /** The compiled form of what has run so far. */
  code(): Buffer;
}

/**
 * A program as one CommonJS file with V8's compiled form of it beside: starting it neither parses nor compiles.
 * A Node of another version than the one that made the compiled form ignores it and compiles as always.
 */
export function compiledScript(path: string): CompiledScript {
  // The bundler writes ASCII only, which is read and kept at a byte a letter.
  const source = readFileSync(path, "latin1");
  const wrapped = `(function (require, __filename, __dirname) {${source}\n})`;
  const cachedData = readCode(codePath(path));
  const script = new Script(wrapped, { filename: path, ...(cachedData && { cachedData }) });
  return {
    isCompiled: script.cachedDataRejected === false,
    run: (require) => script.runInThisContext()(require, path, dirname(path)),
    code: () => script.createCachedData(),
  };
}

export function codePath(path: string): string {
  return `${path}.code`;
}

function readCode(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
