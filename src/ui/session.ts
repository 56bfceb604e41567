import { computed, signal } from "@preact/signals";
import type { Me, Role } from "../core/api/auth.ts";
import { api, setCsrfToken, setSignedOutHandler, toFailure, type ApiFailure } from "./api.ts";
import { navigate, place } from "./router.ts";

export type Session =
  | { readonly state: "loading" }
  | { readonly state: "setup"; readonly version: string }
  | { readonly state: "out" }
  | { readonly state: "in"; readonly me: Me }
  | { readonly state: "failed"; readonly failure: ApiFailure };

export const session = signal<Session>({ state: "loading" });
export const version = signal("");
/** When this console was set up, if that was in this visit (ms since 1970); else 0. */
export const setUpAtMs = signal(0);
export const me = computed(() => (session.value.state === "in" ? session.value.me : undefined));

const RANK: Readonly<Record<Role, number>> = { viewer: 0, analyst: 1, sensor_owner: 2, operator: 3, admin: 4 };

/** True when the person signed in has at least this role. */
export function can(role: Role): boolean {
  return me.value !== undefined && RANK[me.value.role] >= RANK[role];
}

/** Takes over a fresh session, after setup or sign-in. */
export function enter(person: Me): void {
  setCsrfToken(person.csrf_token);
  session.value = { state: "in", me: person };
}

/** Asks the Console whether it is set up and who we are. */
export async function loadSession(): Promise<void> {
  session.value = { state: "loading" };
  setSignedOutHandler(() => {
    if (session.peek().state === "in") session.value = { state: "out" };
  });
  try {
    const status = await api.setupStatus();
    version.value = status.version;
    if (!status.complete) {
      session.value = { state: "setup", version: status.version };
      return;
    }
    enter(await api.me());
  } catch (error) {
    const failure = toFailure(error);
    session.value = failure.status === 401 ? { state: "out" } : { state: "failed", failure };
  }
}

/** Ends the session; the page asked for is remembered in the URL. */
export async function signOut(): Promise<void> {
  await api.logout().catch(() => undefined);
  setCsrfToken("");
  session.value = { state: "out" };
  navigate("/sign-in");
}

/** Where to go after signing in: the page that was asked for, if it is one of ours. */
export function pageAfterSignIn(): string {
  const { path, search } = place.peek();
  return path === "/sign-in" || path === "/setup" ? "/" : path + search;
}
