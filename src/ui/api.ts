import type { AuditPage } from "../core/api/audit.ts";
import type { ApiError, LoginRequest, Me, SetupRequest, SetupStatus } from "../core/api/auth.ts";
import type { EventDetail, EventHistogram, EventSearchResult, Lineage, ProcessActivity } from "../core/api/events.ts";
import type { IntegrityRoots } from "../core/api/integrity.ts";
import type { LossReport } from "../core/api/losses.ts";
import type { SensorDetail, SensorInventory, SensorList, SensorResources } from "../core/api/sensors.ts";
import type { RetentionDays, RetentionSettings } from "../core/api/settings.ts";
import type { CreateClusterTokenRequest, CreatedToken, CreateTokenRequest, TokenSummary } from "../core/api/tokens.ts";
import type { AuthorityStatus, RotationAction } from "../core/api/trust.ts";

/** Something the Console works with that is not well, as /readyz says it. */
export interface StoreFault {
  readonly name: string;
  readonly optional?: boolean;
  readonly problem?: string;
  readonly action?: string;
}

export type Params = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** An answer that was not a success: a code for the program, a sentence and a hint for the person. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly pointer: string | undefined;
  readonly requestId: string | undefined;
  /** When the Console said it is worth another try. */
  readonly retryAfterSecs: number | undefined;

  constructor(status: number, error: ApiError["error"], retryAfterSecs?: number) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.hint = error.hint;
    this.pointer = error.pointer;
    this.requestId = error.request_id;
    this.retryAfterSecs = retryAfterSecs;
  }
}

let csrfToken = "";
let onSignedOut: () => void = () => {};

/** Token sent with every request that changes something. */
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** Called when the Console says the session is over. */
export function setSignedOutHandler(handler: () => void): void {
  onSignedOut = handler;
}

/** Anything thrown, as a failure that can be shown. */
export function toFailure(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  return new ApiFailure(0, {
    code: "unreachable",
    message: "The Console can't be reached.",
    hint: "Check that it is running and that this computer still has a network path to it.",
  });
}

function withParams(path: string, params: Params | undefined): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {}))
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** A longer wait is a person's to decide. */
const MOST_WAIT_SECS = 300;

async function readFailure(response: Response): Promise<ApiFailure> {
  const body: unknown = await response.json().catch(() => undefined);
  const error = (body as ApiError | undefined)?.error;
  const wait = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  const retryAfterSecs = wait > 0 && wait <= MOST_WAIT_SECS ? wait : undefined;
  if (error && typeof error.message === "string") return new ApiFailure(response.status, error, retryAfterSecs);
  return new ApiFailure(response.status, {
    code: "unreadable",
    message: `The Console answered ${response.status} without saying why.`,
    hint: "Look at the Console's log for the same time.",
  });
}

async function request<T>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  options: { params?: Params | undefined; body?: unknown; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && csrfToken) headers["x-csrf-token"] = csrfToken;
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal) init.signal = options.signal;
  const response = await fetch(withParams(path, options.params), init);
  if (!response.ok) {
    const failure = await readFailure(response);
    if (failure.code === "not_signed_in") onSignedOut();
    throw failure;
  }
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

const part = encodeURIComponent;
const get = <T>(path: string, signal?: AbortSignal, params?: Params): Promise<T> =>
  request<T>("GET", path, { params, signal });

/** Every request the interface makes. Rejects with ApiFailure, or with AbortError when the signal aborts. */
export const api = {
  setupStatus: (signal?: AbortSignal) => get<SetupStatus>("/api/v1/setup/status", signal),
  setup: (body: SetupRequest) => request<Me>("POST", "/api/v1/setup", { body }),
  login: (body: LoginRequest) => request<Me>("POST", "/api/v1/auth/login", { body }),
  logout: () => request<void>("POST", "/api/v1/auth/logout"),
  me: (signal?: AbortSignal) => get<Me>("/api/v1/auth/me", signal),
  sensors: (params: Params, signal?: AbortSignal) => get<SensorList>("/api/v1/sensors", signal, params),
  sensor: (id: string, signal?: AbortSignal) => get<SensorDetail>(`/api/v1/sensors/${part(id)}`, signal),
  sensorInventory: (id: string, signal?: AbortSignal) =>
    get<SensorInventory>(`/api/v1/sensors/${part(id)}/inventory`, signal),
  sensorResources: (id: string, since: string, signal?: AbortSignal) =>
    get<SensorResources>(`/api/v1/sensors/${part(id)}/resources`, signal, { since }),
  sensorAction: (id: string, action: "disable" | "enable" | "revoke") =>
    request<void>("POST", `/api/v1/sensors/${part(id)}/${action}`),
  deleteSensor: (id: string) => request<void>("DELETE", `/api/v1/sensors/${part(id)}`),
  tokens: (signal?: AbortSignal) => get<readonly TokenSummary[]>("/api/v1/enrollment/tokens", signal),
  createToken: (body: CreateTokenRequest) => request<CreatedToken>("POST", "/api/v1/enrollment/tokens", { body }),
  createClusterToken: (body: CreateClusterTokenRequest) =>
    request<CreatedToken>("POST", "/api/v1/enrollment/cluster-tokens", { body }),
  authority: (signal?: AbortSignal) => get<AuthorityStatus>("/api/v1/trust/authority", signal),
  changeAuthority: (action: RotationAction, force: boolean) =>
    request<AuthorityStatus>("POST", `/api/v1/trust/authority/${action}`, { body: { force } }),
  revokeToken: (id: string) => request<void>("DELETE", `/api/v1/enrollment/tokens/${part(id)}`),
  events: (params: Params, signal?: AbortSignal) => get<EventSearchResult>("/api/v1/events", signal, params),
  histogram: (params: Params, signal?: AbortSignal) => get<EventHistogram>("/api/v1/events/histogram", signal, params),
  event: (id: string, signal?: AbortSignal) => get<EventDetail>(`/api/v1/events/${part(id)}`, signal),
  eventLineage: (id: string, signal?: AbortSignal) => get<Lineage>(`/api/v1/events/${part(id)}/lineage`, signal),
  processLineage: (sensorId: string, execId: string, signal?: AbortSignal) =>
    get<Lineage>(`/api/v1/processes/${part(execId)}/lineage`, signal, { sensor_id: sensorId }),
  processActivity: (sensorId: string, execId: string, signal?: AbortSignal) =>
    get<ProcessActivity>(`/api/v1/processes/${part(execId)}/activity`, signal, { sensor_id: sensorId }),
  losses: (params: Params, signal?: AbortSignal) => get<LossReport>("/api/v1/loss", signal, params),
  integrityRoots: (params: Params, signal?: AbortSignal) =>
    get<IntegrityRoots>("/api/v1/integrity/roots", signal, params),
  audit: (params: Params, signal?: AbortSignal) => get<AuditPage>("/api/v1/audit", signal, params),
  retention: (signal?: AbortSignal) => get<RetentionSettings>("/api/v1/settings/retention", signal),
  setRetention: (body: RetentionDays) => request<RetentionSettings>("PUT", "/api/v1/settings/retention", { body }),
  /** What the Console works with and is not well. Its answer is the same whether it is ready or not. */
  faults: async (): Promise<readonly StoreFault[]> => {
    const response = await fetch("/readyz", { headers: { accept: "application/json" }, credentials: "same-origin" });
    const body = (await response.json()) as { readonly stores?: readonly (StoreFault & { readonly ok: boolean })[] };
    return (body.stores ?? []).filter((store) => !store.ok);
  },
} as const;
