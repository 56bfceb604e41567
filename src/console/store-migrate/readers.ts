import { AppError } from "../../core/error.ts";
import type { Log, Secret } from "../../core/log.ts";
import { detachQueue, hasQueue } from "../kafka/store-readers.ts";
import type { EventEnds } from "./copy-events.ts";

export interface ReaderOptions {
  /** Of the Console that is copied. */
  readonly queueUrl: Secret | undefined;
  readonly verifyOnly: boolean;
  readonly log: Log;
}

/**
 * A ClickHouse that reads topics of Kafka does so whether a Console runs or not. What the source read behind the copy would count as
 * read, and be in the source only; what the target read would be written over. So the source's readers are taken away, for good: what
 * they have not read stays in the topics, and the Console on the new stores has it read there. Rejects with AppError `conflict`
 * where that would not happen.
 */
export async function stopReaders({ source, target }: EventEnds, options: ReaderOptions): Promise<void> {
  const { queueUrl, verifyOnly, log } = options;
  if (!verifyOnly && (await hasQueue(target)))
    throw new AppError("conflict", "the ClickHouse database already reads topics of a Kafka cluster", {
      hint: "Use an empty database: what it read during the copy would be written over.",
    });
  if (!(await hasQueue(source))) return;
  if (verifyOnly)
    throw new AppError(
      "conflict",
      "the ClickHouse that is copied from reads topics of a Kafka cluster: it never stands still",
      {
        hint: "Leave out --verify-only: the copy stops that first, and compares both ends when it is done.",
      },
    );
  if (!queueUrl)
    throw new AppError(
      "conflict",
      "ClickHouse reads topics of a Kafka cluster that the Console's configuration does not name: what it has not read yet would be left behind",
      {
        hint: "Name the cluster in the configuration file (redpanda_url) or in TELOVIX_CONSOLE_REDPANDA_URL, and give it to the Console on the new stores too, which reads the rest. If it is gone for good, name it all the same: nothing is asked of it.",
      },
    );
  await detachQueue(source);
  log.warn(
    "ClickHouse reads the topics of the Kafka cluster no more, here; what it had not read waits in them for the Console on the new stores",
  );
}
