/** Places on an event's way where it can be lost, in the order of the way. */
export const LOSS_STAGES = ["kernel", "engine", "tail", "spool", "wire", "rejected", "store"] as const;
export type LossStage = (typeof LOSS_STAGES)[number];

/** A known cause: where it happens, what happened in words, and what helps. */
export interface LossCause {
  readonly stage: LossStage;
  readonly words: string;
  readonly advice: string;
}

const narrow = "Watch less on this node, or give the engine larger buffers.";
const report = "This should not happen: please report it with the sensor's log.";
const disk = "Look at the node's disk.";

/** Every cause this version knows. A sensor of another version may name others. */
export const LOSS_CAUSES: Readonly<Record<string, LossCause>> = {
  ring_exec: { stage: "kernel", words: "no room in the kernel's buffer for process events", advice: narrow },
  ring_main: { stage: "kernel", words: "no room in the kernel's buffer", advice: narrow },
  recursion: { stage: "kernel", words: "the kernel skipped a hook that was already running", advice: narrow },
  workspace: { stage: "kernel", words: "a policy's hook found no room to work in", advice: narrow },
  return: {
    stage: "kernel",
    words: "calls that a policy tells at their return, which were too many at once or never returned",
    advice: "Let the policy tell them at the call: leave out `return`, or narrow it.",
  },
  unread: {
    stage: "kernel",
    words: "a policy's hook could not read memory of a process that was not in, and is not asked again",
    advice: "Let the policy watch an LSM hook or a function whose arguments are the kernel's own.",
  },
  pins: {
    stage: "kernel",
    words: "kept for an engine that was replaced by one of another build",
    advice: "Nothing to do: it happens once, with an upgrade.",
  },
  reorder: { stage: "engine", words: "a record never came and nothing says why", advice: report },
  format: { stage: "engine", words: "a record was too long or made no sense", advice: report },
  disk: { stage: "engine", words: "no room on the node's disk for the engine's lines", advice: disk },
  engine_lines: {
    stage: "engine",
    words: "lines of the engine are missing or could not be read",
    advice: "Look whether the node's disk was full or damaged.",
  },
  engine_away: {
    stage: "engine",
    words: "no engine was at work on the node",
    advice: "Look in the sensor's log why it ended; it is started again by itself.",
  },
  torn_line: {
    stage: "tail",
    words: "a line was cut off",
    advice: "Look whether the node or its engine ended suddenly.",
  },
  long_line: { stage: "tail", words: "a line was longer than may be", advice: report },
  unwritable: { stage: "tail", words: "an event could not be written down", advice: report },
  sensor_events: {
    stage: "tail",
    words: "events of the sensor itself came faster than its disk took them",
    advice: disk,
  },
  spool_full: {
    stage: "spool",
    words: "the sensor's queue was full, the oldest went",
    advice: "Check the path to the Console; raise the queue's bound if outages last this long.",
  },
  spool_overflow: {
    stage: "spool",
    words: "the sensor's queue was full, the oldest went",
    advice: "Check the path to the Console; raise the queue's bound if outages last this long.",
  },
  spool_corrupt: { stage: "spool", words: "the sensor's queue was damaged on disk", advice: disk },
  epoch_ended: {
    stage: "spool",
    words: "the rest of a sequence that is over never came",
    advice: "Look whether the sensor's queue was wiped or its disk restored.",
  },
  epoch_lost: {
    stage: "spool",
    words: "the sensor's queue was wiped, nobody knows with how much in it",
    advice: "Look whether the sensor's state directory was removed, or the node restored from an image.",
  },
  unexplained: { stage: "wire", words: "numbers missing from a batch without a reason", advice: report },
  skipped: {
    stage: "wire",
    words: "the sensor went on above what the Console has",
    advice: "Look whether the Console's stores were restored from an older backup.",
  },
  schema: {
    stage: "rejected",
    words: "an event did not fit its schema",
    advice: "Bring sensor and Console to the same version.",
  },
  too_old: { stage: "rejected", words: "an event was more than 90 days old", advice: "Check the node's clock." },
  too_far_ahead: {
    stage: "rejected",
    words: "an event was more than two days ahead of the Console",
    advice: "Check the node's clock.",
  },
  order: { stage: "rejected", words: "an event's number did not fit its batch", advice: report },
  mixed: {
    stage: "rejected",
    words: "many events in a row were refused or missing, each for another reason",
    advice: "Bring sensor and Console to the same version; the sensor's log names some of the reasons.",
  },
  disk_full: {
    stage: "store",
    words: "the event store's disk was full, its oldest week went",
    advice: "Give the Console more disk, or keep events for a shorter time.",
  },
  restored_without: {
    stage: "store",
    words: "had been stored, and the backup the Console was restored from does not have it",
    advice: "Make backups more often, with events; or keep the events in a ClickHouse with replicas.",
  },
  queue_unreadable: {
    stage: "store",
    words: "a message in the queue before the event store could not be read",
    advice:
      "Look who else writes to the topic. The message is kept whole, with the error, in ClickHouse's table queue_rejects.",
  },
  row_refused: {
    stage: "store",
    words: "the event store refused a row",
    advice: "Look at the Console's log: it names the row and the reason.",
  },
};

/** What is known of a cause; undefined for a name this version does not know. */
export function findCause(cause: string): LossCause | undefined {
  return Object.hasOwn(LOSS_CAUSES, cause) ? LOSS_CAUSES[cause] : undefined;
}
