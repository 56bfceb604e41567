import { computed, signal } from "@preact/signals";

/** Where the browser is. The URL is the state that survives a reload: filters, range, selected event. */
export interface Place {
  readonly path: string;
  readonly search: string;
  readonly hash: string;
}

export type Route =
  | { readonly page: "overview" | "setup" | "sign-in" | "sensors" | "losses" | "parts" | "not-found" }
  | { readonly page: "events" }
  | { readonly page: "settings"; readonly section: string }
  | { readonly page: "sensor"; readonly sensorId: string }
  | { readonly page: "event"; readonly eventId: string }
  | { readonly page: "lineage-event"; readonly eventId: string }
  | { readonly page: "lineage-process"; readonly sensorId: string; readonly execId: string };

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The page a path stands for; pure. */
export function matchRoute(path: string): Route {
  const [first = "", second, third, fourth, ...rest] = path.split("/").filter(Boolean).map(decode);
  if (rest.length > 0) return { page: "not-found" };
  if (first === "lineage" && second === "event" && third !== undefined && fourth === undefined)
    return { page: "lineage-event", eventId: third };
  if (first === "lineage" && second === "process" && third !== undefined && fourth !== undefined)
    return { page: "lineage-process", sensorId: third, execId: fourth };
  if (third !== undefined) return { page: "not-found" };
  if (first === "sensors") return second === undefined ? { page: "sensors" } : { page: "sensor", sensorId: second };
  if (first === "events") return second === undefined ? { page: "events" } : { page: "event", eventId: second };
  if (first === "settings") return { page: "settings", section: second ?? "account" };
  if (second !== undefined) return { page: "not-found" };
  if (first === "") return { page: "overview" };
  if (first === "losses") return { page: "losses" };
  if (first === "setup") return { page: "setup" };
  if (first === "sign-in") return { page: "sign-in" };
  if (first === "_parts") return { page: "parts" };
  return { page: "not-found" };
}

function read(): Place {
  if (typeof window === "undefined") return { path: "/", search: "", hash: "" };
  return { path: window.location.pathname, search: window.location.search, hash: window.location.hash };
}

export const place = signal<Place>(read());
const path = computed(() => place.value.path);
export const route = computed(() => matchRoute(path.value));
const search = computed(() => place.value.search);
/** Parameters of the present URL; changes only when they do. */
export const query = computed(() => new URLSearchParams(search.value));

/** Goes to a path of this console. */
export function navigate(href: string, options: { replace?: boolean } = {}): void {
  const url = new URL(href, window.location.origin);
  if (url.origin !== window.location.origin) return;
  const target = url.pathname + url.search + url.hash;
  if (options.replace) window.history.replaceState(null, "", target);
  else if (target !== window.location.pathname + window.location.search + window.location.hash)
    window.history.pushState(null, "", target);
  place.value = read();
}

/** `search` with some parameters set (text) or removed (null), in a stable order; pure. */
export function patchSearch(search: string, patch: Readonly<Record<string, string | null | undefined>>): string {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === undefined || value === "") params.delete(name);
    else params.set(name, value);
  }
  const text = params.toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text === "" ? "" : `?${text}`;
}

/** Changes parameters of the present URL. */
export function setQuery(
  patch: Readonly<Record<string, string | null | undefined>>,
  options: { replace?: boolean } = {},
): void {
  navigate(place.value.path + patchSearch(place.value.search, patch), options);
}

/** A path with the time range of the present page: one range for the whole visit. */
export function withRange(path: string, params: Readonly<Record<string, string | null | undefined>> = {}): string {
  const { since, from, to } = Object.fromEntries(query.value);
  const [bare = "/", own = ""] = path.split("?");
  return bare + patchSearch(own, { since, from, to, ...params });
}

/** Follows back/forward and plain clicks on links of this console; returns how to stop. */
export function startRouter(): () => void {
  const onPop = (): void => {
    place.value = read();
  };
  const onClick = (event: MouseEvent): void => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
    if (link.origin !== window.location.origin || link.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    navigate(link.href);
  };
  window.addEventListener("popstate", onPop);
  document.addEventListener("click", onClick);
  return () => {
    window.removeEventListener("popstate", onPop);
    document.removeEventListener("click", onClick);
  };
}
