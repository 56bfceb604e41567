import type { JSX } from "preact";
import { PageHead } from "../../frame/frame.tsx";

/** Every part in all its states; in development builds only. */
export function PartsPage(): JSX.Element {
  return (
    <div class="page page-scroll">
      <PageHead title="Parts" />
    </div>
  );
}
