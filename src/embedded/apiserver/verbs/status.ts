import type { AnyObject } from "../any-object.ts";
import type { Written } from "../commit.ts";
import type { ServerContext, Target, WriteOptions } from "../context.ts";
import { changeObject } from "./update.ts";

/** PUT on /status: status alone is taken from the wanted object (spec E-202). */
export function updateStatus(
  context: ServerContext,
  request: { readonly target: Target; readonly object: AnyObject },
  options: WriteOptions,
): Promise<Written> {
  const { target, object } = request;
  const change = () => ({ ...object, metadata: { ...object.metadata } });
  return changeObject(context, { target, subresource: "status", change }, options);
}
