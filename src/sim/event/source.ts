import { mix } from "../mix.ts";
import { PROFILES, type Profile } from "../options.ts";
import { storiesOf, STORY_EVENTS } from "./profiles.ts";
import { makeTemplate, messageOf, writeEvent, type Template } from "./template.ts";

export type SimLane = "bulk" | "alert";

interface Shelf {
  readonly bulk: readonly Template[][];
  readonly alert: readonly Template[][];
}

function pack(profile: Profile): Shelf {
  const { ordinary, alarms } = storiesOf(profile);
  for (const story of [...ordinary, alarms])
    if (story.length !== STORY_EVENTS) throw new Error(`a story of ${profile} has ${story.length} events`);
  return { bulk: ordinary.map((s) => s.map(makeTemplate)), alert: [alarms.map(makeTemplate)] };
}

let shelves: ReadonlyMap<Profile, Shelf> | undefined;

/** The events of one lane of one sensor: what each is, is a function of seed, sensor, lane and number. */
export class EventSource {
  readonly #stories: readonly Template[][];
  readonly #seed: number;
  readonly #index: number;
  readonly #run: number;

  constructor(profile: Profile, lane: SimLane, seed: number, index: number, run: number) {
    shelves ??= new Map(PROFILES.map((name) => [name, pack(name)]));
    this.#stories = shelves.get(profile)![lane];
    this.#seed = seed;
    this.#index = index;
    this.#run = run;
  }

  #template(seq: number, story: number): Template {
    const { length } = this.#stories;
    const told = this.#stories[length === 1 ? 0 : mix(this.#seed, this.#index, 21, story) % length]!;
    return told[(seq - 1) % STORY_EVENTS]!;
  }

  /** Packed size of event `seq`. */
  sizeOf(seq: number): number {
    return this.#template(seq, Math.floor((seq - 1) / STORY_EVENTS)).bytes.length;
  }

  /** Message of event `seq`, as it is stored. */
  message(seq: number): string {
    return messageOf(this.#template(seq, Math.floor((seq - 1) / STORY_EVENTS)), this.#index, seq);
  }

  /** Writes event `seq` to `out` at `at`; returns where it ends. */
  write(out: Buffer, at: number, seq: number, observedUs: number): number {
    const story = Math.floor((seq - 1) / STORY_EVENTS);
    return writeEvent(out, at, this.#template(seq, story), {
      run: this.#run,
      node: this.#index,
      story,
      seq,
      observedUs,
    });
  }
}
