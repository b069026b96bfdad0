import { join } from "node:path";
import { compiledScript } from "./compiled-script.ts";

/** What starts the lone queue-proxy of the package: `queue-proxy.ts` as one file, already compiled. */
compiledScript(join(import.meta.dirname, "queue-proxy-program.cjs")).run(require);
