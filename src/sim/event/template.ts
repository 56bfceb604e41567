import { Packr } from "msgpackr";
import { MARKS, SEQ_MARK, TIME_MARK, type StoryEvent } from "./story.ts";

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** A packed event with the places of what differs between tellings. */
export interface Template {
  readonly bytes: Buffer;
  readonly message: string;
  readonly seqAt: number;
  readonly timeAt: number;
  readonly runAt: readonly number[];
  readonly nodeAt: readonly number[];
  readonly storyAt: readonly number[];
  readonly textSeqAt: readonly number[];
}

function placesOf(bytes: Buffer, mark: string): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) found.push(at);
  return found;
}

function onlyPlace(bytes: Buffer, packed: Uint8Array): number {
  const at = bytes.indexOf(packed);
  if (at < 0 || bytes.indexOf(packed, at + 1) >= 0) throw new Error("a template must hold its number and time once");
  return at + 1;
}

/** Packs an event once. MessagePack writes the number as uint32 and the time as float64, so both can be replaced in place. */
export function makeTemplate(event: StoryEvent): Template {
  const bytes = Buffer.from(packr.pack({ seq: SEQ_MARK, observed_at_us: TIME_MARK, ...event }));
  const seqAt = onlyPlace(bytes, packr.pack(SEQ_MARK));
  const timeAt = onlyPlace(bytes, packr.pack(TIME_MARK));
  if (bytes[seqAt - 1] !== 0xce || bytes[timeAt - 1] !== 0xcb) throw new Error("numbers are not packed as expected");
  return {
    bytes,
    message: event.message,
    seqAt,
    timeAt,
    runAt: placesOf(bytes, MARKS.run),
    nodeAt: placesOf(bytes, MARKS.node),
    storyAt: placesOf(bytes, MARKS.story),
    textSeqAt: placesOf(bytes, MARKS.seq),
  };
}

const DIGITS = Buffer.from("0123456789abcdef");

function writeHex(out: Buffer, at: number, value: number): void {
  for (let i = 7, rest = value >>> 0; i >= 0; i--, rest >>>= 4) out[at + i] = DIGITS[rest & 15]!;
}

const hex = (value: number): string => value.toString(16).padStart(8, "0");

/** The message of one telling: what the packed event holds. */
export function messageOf(template: Template, node: number, seq: number): string {
  return template.message.replace(MARKS.node, hex(node)).replace(MARKS.seq, hex(seq));
}

export interface Telling {
  readonly run: number;
  readonly node: number;
  readonly story: number;
  readonly seq: number;
  readonly observedUs: number;
}

/** Copies a template to `at` and fills in one telling; returns where it ends. */
export function writeEvent(out: Buffer, at: number, template: Template, t: Telling): number {
  template.bytes.copy(out, at);
  out.writeUInt32BE(t.seq, at + template.seqAt);
  out.writeDoubleBE(t.observedUs, at + template.timeAt);
  for (const place of template.runAt) writeHex(out, at + place, t.run);
  for (const place of template.nodeAt) writeHex(out, at + place, t.node);
  for (const place of template.storyAt) writeHex(out, at + place, t.story);
  for (const place of template.textSeqAt) writeHex(out, at + place, t.seq);
  return at + template.bytes.length;
}
