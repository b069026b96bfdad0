import { registerHooks } from "node:module";
import { MUTANTS } from "./mutants.ts";

/** `node --import ./sim/mutants/load.ts …` with EBB_MUTANT=name changes that one module as it is loaded. */
const name = process.env.EBB_MUTANT;
const mutant = MUTANTS.find((candidate) => candidate.name === name);
if (name !== undefined && !mutant) {
  throw new Error(`EBB_MUTANT=${name} is not one of ${MUTANTS.map((known) => known.name).join(", ")}`);
}

if (mutant) {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(`/${mutant.file}`)) return loaded;
      const source = Buffer.from(loaded.source as Uint8Array).toString("utf8");
      const parts = source.split(mutant.find);
      if (parts.length !== 2) {
        throw new Error(`mutant ${mutant.name}: its text stands ${parts.length - 1} times in ${mutant.file}`);
      }
      return { ...loaded, source: parts.join(mutant.replace) };
    },
  });
}
