import { AppError } from "../../core/error.ts";
import type { Db } from "../stores/contract.ts";

/** The name of this installation: the same for every process on its database. */
export async function findInstallationId(db: Db): Promise<string> {
  const [row] = await db.system((tx) => tx<{ installation_id: string }[]>`SELECT installation_id FROM installations`);
  if (!row) throw new AppError("unavailable", "The database does not say which installation it belongs to.");
  return row.installation_id;
}
