import { homedir } from "node:os";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { exitCodeOf, type Terminal, UsageError } from "../cli/command.ts";
import { asksForHelp, HELP } from "../cli/help.ts";
import { packageVersion } from "./package-version.ts";

/** The command `ebb`: finds the command by name and loads only what it needs, so that small commands answer at once. */

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  env: process.env,
  homeFolder: homedir(),
};

async function run([name, ...args]: readonly string[]): Promise<number> {
  if (asksForHelp(args)) return run(["help"]);
  switch (name) {
    case "up": {
      const { engineUp } = await import("./engine-up.ts");
      return engineUp(args, terminal);
    }
    case "image": {
      const [{ image }, { ImageStore }] = await Promise.all([
        import("../cli/image.ts"),
        import("../embedded/node/images/image-store.ts"),
      ]);
      const open = (folder: string) => new ImageStore({ folder, clock: systemClock, random: systemRandom });
      return image(args, terminal, open);
    }
    case "kubeconfig": {
      const [{ kubeconfig }, { issueKubeconfig }] = await Promise.all([
        import("../cli/kubeconfig.ts"),
        import("./issue-kubeconfig.ts"),
      ]);
      return kubeconfig(args, terminal, issueKubeconfig);
    }
    case "version":
    case "--version": {
      const { version } = await import("../cli/version.ts");
      return version(packageVersion(), terminal);
    }
    case undefined:
    case "help":
    case "--help":
    case "-h":
      terminal.out(HELP);
      return name === undefined ? 1 : 0;
    default:
      throw new UsageError(`there is no command "${name}"; ebb help lists them`);
  }
}

void exitCodeOf(() => run(process.argv.slice(2)), terminal).then((code) => {
  process.exitCode = code;
});
