import { toRuntimeEventRow, type RuntimeEventRow } from "../../console/stores/runtime-event-row.ts";
import { PROFILES } from "../../sim/options.ts";
import { STORY_EVENTS, storiesOf } from "../../sim/event/profiles.ts";
import { MARKS, type StoryEvent } from "../../sim/event/story.ts";
import { RUN, serviceName } from "./shape.ts";

/** An event of a story as a row with marks where tellings differ; `place` says which event of which story it is. */
export interface TemplateRow {
  readonly place: number;
  /** Has a parent: its process is of one telling only, and so is its pid. */
  readonly passing: number;
  readonly row: RuntimeEventRow;
}

/** Different in each telling, so that a store holds arguments which are not all the same. */
export const JOB_MARK = "JJJJJJJJ";
/** How the JSON of a template begins. */
export const EVENT_HEAD = '{"seq":1,"observed_at_us":1';

const NOBODY = "00000000-0000-7000-8000-000000000000";

function withJob(event: StoryEvent): StoryEvent {
  const { process } = event;
  if (process?.parent_exec_id === undefined) return event;
  return { ...event, process: { ...process, argv: [...process.argv, `--job=${JOB_MARK}`] } };
}

function rowOf(event: StoryEvent, story: number): RuntimeEventRow {
  const row = toRuntimeEventRow({
    tenantId: NOBODY,
    sensorId: NOBODY,
    nodeName: "",
    epoch: "",
    ingestedAtMs: 0,
    event: { seq: 1, observed_at_us: 1, ...withJob(event) },
  });
  // The service in which a story begins goes on over all tellings: it has children by the thousand, as a service has.
  const text = JSON.stringify(row)
    .replaceAll(`${MARKS.story}.00`, `${serviceName(story)}.00`)
    .replaceAll(MARKS.run, RUN);
  return JSON.parse(text) as RuntimeEventRow;
}

const KINDS = PROFILES.map((profile) => storiesOf(profile));
const STORIES: readonly (readonly StoryEvent[])[] = [
  ...KINDS.flatMap(({ ordinary }) => ordinary),
  ...KINDS.map(({ alarms }) => alarms),
];

/** Stories by profile: where its ordinary ones begin, how many they are, and which is its alarm. */
export const STORY_PLACES = KINDS.map(({ ordinary }, profile) => ({
  first: KINDS.slice(0, profile).reduce((sum, kind) => sum + kind.ordinary.length, 0),
  count: ordinary.length,
  alarm: STORIES.length - KINDS.length + profile,
}));

/** Every story of every profile, the alarms among them. */
export function templates(): TemplateRow[] {
  return STORIES.flatMap((story, s) =>
    story.map((event, i) => ({
      place: s * STORY_EVENTS + i,
      passing: event.process?.parent_exec_id === undefined ? 0 : 1,
      row: rowOf(event, s),
    })),
  );
}
