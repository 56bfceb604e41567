import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Frame } from "./frame/frame.tsx";
import { StoreNotice } from "./frame/store-notice.tsx";
import { EventPage } from "./pages/events/event-page.tsx";
import { EventsPage } from "./pages/events/page.tsx";
import { LineagePage } from "./pages/lineage/page.tsx";
import { LossesPage } from "./pages/losses/page.tsx";
import { OverviewPage } from "./pages/overview/page.tsx";
import { PartsPage } from "./pages/parts/page.tsx";
import { SensorPage } from "./pages/sensor-detail/page.tsx";
import { SensorsPage } from "./pages/sensors/page.tsx";
import { SettingsPage } from "./pages/settings/page.tsx";
import { SetupPage } from "./pages/setup/page.tsx";
import { SignInPage } from "./pages/sign-in/page.tsx";
import { Empty, Failure, Skeleton } from "./parts/states.tsx";
import { navigate, route, type Route } from "./router.ts";
import { can, loadSession, pageAfterSignIn, session } from "./session.ts";
import { EVENTS_ARE_FOR_ANALYSTS } from "./words.ts";

declare const TELOVIX_UI_DEV: boolean | undefined;
const isDev = typeof TELOVIX_UI_DEV !== "undefined" && TELOVIX_UI_DEV;

const TITLES: Readonly<Record<Route["page"], string>> = {
  overview: "Overview",
  setup: "Set up",
  "sign-in": "Sign in",
  sensors: "Sensors",
  sensor: "Sensor",
  events: "Investigate",
  event: "Event",
  "lineage-event": "Lineage",
  "lineage-process": "Lineage",
  losses: "Losses",
  settings: "Settings",
  parts: "Parts",
  "not-found": "Not found",
};

function Page({ at }: { at: Route }): JSX.Element {
  switch (at.page) {
    case "overview":
      return <OverviewPage />;
    case "sensors":
      return <SensorsPage />;
    case "sensor":
      return <SensorPage key={at.sensorId} sensorId={at.sensorId} />;
    case "events":
    case "event":
    case "lineage-event":
    case "lineage-process":
      return can("analyst") ? <EvidencePage at={at} /> : <ForAnalysts />;
    case "losses":
      return <LossesPage />;
    case "settings":
      return <SettingsPage section={at.section} />;
    case "parts":
      if (isDev) return <PartsPage />;
      return <NotFound />;
    case "setup":
    case "sign-in":
    case "not-found":
      return <NotFound />;
  }
}

type EvidenceRoute = Extract<Route, { page: "events" | "event" | "lineage-event" | "lineage-process" }>;

function EvidencePage({ at }: { at: EvidenceRoute }): JSX.Element {
  switch (at.page) {
    case "events":
      return <EventsPage />;
    case "event":
      return <EventPage key={at.eventId} eventId={at.eventId} />;
    case "lineage-event":
      return <LineagePage key={at.eventId} of={{ eventId: at.eventId }} />;
    case "lineage-process":
      return <LineagePage key={at.execId} of={{ sensorId: at.sensorId, execId: at.execId }} />;
  }
}

function ForAnalysts(): JSX.Element {
  return (
    <Empty
      title="This page is for analysts"
      action={
        <a class="button button-plain" href="/sensors">
          To the sensors
        </a>
      }
    >
      {EVENTS_ARE_FOR_ANALYSTS}
    </Empty>
  );
}

function NotFound(): JSX.Element {
  return (
    <Empty
      title="There is no page at this address"
      action={
        <a class="button button-plain" href="/">
          To the overview
        </a>
      }
    >
      It may have been moved, or the link was cut short.
    </Empty>
  );
}

/** Decides between setup, sign-in and the console itself. */
export function App(): JSX.Element {
  const now = session.value;
  const at = route.value;
  useEffect(() => {
    document.title = at.page === "overview" ? "Telovix" : `${TITLES[at.page]} · Telovix`;
  }, [at.page]);
  useEffect(() => {
    if (now.state === "in" && at.page === "sign-in") navigate(pageAfterSignIn(), { replace: true });
  }, [now.state, at.page]);
  if (now.state === "loading")
    return (
      <div class="alone">
        <Skeleton rows={4} />
      </div>
    );
  if (now.state === "failed")
    return (
      <div class="alone">
        <StoreNotice />
        <Failure failure={now.failure} onRetry={() => void loadSession()} />
      </div>
    );
  if (at.page === "setup") return <SetupPage />;
  if (now.state === "setup") return <SetupPage />;
  if (now.state === "out") return <SignInPage />;
  return (
    <Frame>
      <Page at={at} />
    </Frame>
  );
}
