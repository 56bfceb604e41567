import { cutBytes } from "../value/text.ts";
import type { Context } from "./context.ts";

const MIN_BYTES = 2;
const MAX_MESSAGE_BYTES = 256;
const MAX_TAG_BYTES = 128;

/** A hook's message and tags, cut to their lengths. */
export function buildTexts(
  hook: { readonly message?: string; readonly tags?: readonly string[] },
  ctx: Context,
): { message?: string; tags: readonly string[] } {
  const { message = "", tags = [] } = hook;
  const cut = cutBytes(message, MAX_MESSAGE_BYTES);
  if (message.length > 0 && message.length < MIN_BYTES)
    ctx.error("message.too-short", hook, "message", `A message has at least ${MIN_BYTES} characters.`);
  if (cut !== message)
    ctx.warn("message.too-long", hook, "message", `The message is cut to ${MAX_MESSAGE_BYTES} bytes.`);
  if (message.includes("\0")) ctx.error("message.character", hook, "message", "The message has a NUL in it.");
  return { ...(cut === "" ? {} : { message: cut }), tags: tags.map((tag, index) => buildTag(tag, index, tags, ctx)) };
}

function buildTag(tag: string, index: number, tags: readonly string[], ctx: Context): string {
  if (tag.length < MIN_BYTES) ctx.error("tags.too-short", tags, index, `A tag has at least ${MIN_BYTES} characters.`);
  const cut = cutBytes(tag, MAX_TAG_BYTES);
  if (cut !== tag) ctx.warn("tags.too-long", tags, index, `The tag is cut to ${MAX_TAG_BYTES} bytes.`);
  return cut;
}
