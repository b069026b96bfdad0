import module from "node:module";

/** By then a start is over, and what it needs has been compiled. */
const AFTER_MS = 2_000;

/**
 * Has Node write V8's compiled form of the programs for the next start, if it keeps one (NODE_COMPILE_CACHE). By itself
 * it does so at a regular end only, when V8 has long dropped what nothing but the start had used.
 */
export function keepCompiled(): void {
  setTimeout(() => module.flushCompileCache?.(), AFTER_MS).unref();
}
