import { signal } from "@preact/signals";
import type { AuditRecord } from "../../../core/api/audit.ts";
import { api } from "../../api.ts";
import { createResource } from "../../resource.ts";

const PAGE = 100;

/** The audit log, newest first, page after page. */
export function createAuditState() {
  const older = signal<readonly AuditRecord[]>([]);
  const cursor = signal<string | null>(null);
  const selected = signal<string | undefined>(undefined);
  const first = createResource(async (abort) => {
    const page = await api.audit({ limit: PAGE }, abort);
    older.value = [];
    cursor.value = page.next_cursor;
    return page;
  });
  let fetching = false;
  const more = async (): Promise<void> => {
    const from = cursor.peek();
    if (from === null || fetching) return;
    fetching = true;
    try {
      const page = await api.audit({ limit: PAGE, cursor: from });
      older.value = [...older.peek(), ...page.records];
      cursor.value = page.next_cursor;
    } catch {
      // The end of the list stays; scrolling tries again.
    } finally {
      fetching = false;
    }
  };
  return { first, older, cursor, selected, more };
}
