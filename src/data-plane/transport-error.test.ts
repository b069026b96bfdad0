import assert from "node:assert/strict";
import { test } from "node:test";
import { UpstreamError, type UpstreamFailure } from "../http/upstream.ts";
import { goOutcome } from "./transport-error.ts";

test("metrics name a failed call as Go's transport would, a wrong upgrade by its status", () => {
  const outcomeOf = (failure: UpstreamFailure) =>
    goOutcome(new UpstreamError(failure, "broken", { sent: true }));
  assert.equal(outcomeOf("refused"), "net.OpError");
  assert.equal(outcomeOf("reset"), "net.OpError");
  assert.equal(outcomeOf("closed"), "errors.errorString");
  assert.equal(outcomeOf("malformed"), "fmt.wrapError");
  assert.equal(outcomeOf("upgrade"), 101);
});
