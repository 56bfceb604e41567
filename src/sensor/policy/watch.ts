import { watch, type FSWatcher } from "node:fs";

/**
 * Tells once that a file was changed or exchanged. Armed at once, so that a change after a look made later isn't missed; of a
 * file that is not there nothing is told.
 */
export class FileChange implements Disposable {
  readonly happened: Promise<void>;
  /** False: the file is not there, and whoever waits has only its clock. */
  isArmed = false;
  #watcher: FSWatcher | undefined;

  constructor(path: string) {
    this.happened = new Promise((resolve) => {
      try {
        this.#watcher = watch(path, { persistent: false }, () => resolve());
        this.#watcher.on("error", () => {});
        this.isArmed = true;
      } catch {
        // It is not there yet.
      }
    });
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
  }
}
