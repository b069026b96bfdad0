import { chooseSubset } from "../../src/control-plane/controllers/serverless-service/choose-subset.ts";
import { type GoldenCase, judgeGolden } from "../support/golden.ts";

interface SubsetCase extends GoldenCase {
  readonly kind: string;
  readonly from: readonly string[];
  readonly n: number;
  readonly target: string;
  readonly want: readonly string[];
}

/** The file's other kinds are judged beside the code that they are about. */
judgeGolden<SubsetCase>({
  file: "autoscaler/route-numbers.jsonl",
  exceptions: {},
  select: ({ kind }) => kind === "subset",
  judge({ from, n, target, want }) {
    const got = [...chooseSubset(from, n, target)].sort().join();
    return got === [...want].sort().join() ? undefined : `${got}, recorded ${want}`;
  },
});
