import { answerReview } from "../access/reviews.ts";
import { type AnyObject, isRecord } from "../any-object.ts";
import type { Target } from "../context.ts";
import { badRequest, methodNotAllowed } from "../failures.ts";
import { issueTokenFor } from "../verbs/token.ts";
import type { Address } from "./address.ts";
import { decodeJson } from "./body.ts";
import type { ApiResponse, Exchange } from "./exchange.ts";
import { respondBuiltIn } from "./respond.ts";
import type { RestContext } from "./rest-context.ts";

/** POST of a question (access/reviews.ts) and of a TokenRequest: answered, never stored. */

export async function respondReview(
  context: RestContext,
  exchange: Exchange,
  { review, namespace }: Extract<Address, { type: "review" }>,
): Promise<ApiResponse> {
  const body = bodyOf(exchange, review.kind);
  const { authorizer, authenticator, clock } = context;
  const question = { review, namespace, body, caller: exchange.caller };
  const answer = await answerReview(question, { authorizer, authenticator, nowMs: clock.wall() });
  return respondBuiltIn(exchange, 201, answer);
}

export async function respondToken(
  context: RestContext,
  exchange: Exchange,
  target: Target,
): Promise<ApiResponse> {
  const body = bodyOf(exchange, "TokenRequest");
  return respondBuiltIn(exchange, 201, await issueTokenFor(context, target, body));
}

function bodyOf(exchange: Exchange, kind: string): AnyObject {
  if (exchange.request.method !== "POST") throw methodNotAllowed();
  const body = decodeJson(exchange.request.body);
  if (!isRecord(body)) throw badRequest(`the body is not a ${kind}`);
  if (body.kind !== undefined && body.kind !== kind)
    throw badRequest(
      `${body.kind} in version "v1" cannot be handled as a ${kind}: no kind "${body.kind}" is registered for ` +
        `version "${body.apiVersion}" in scheme "pkg/runtime/scheme.go:110"`,
    );
  return { ...body, metadata: isRecord(body.metadata) ? body.metadata : {} };
}
