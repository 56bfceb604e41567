/** One process of a Console: `<replica>/<number>`; 0 is the parent or the only one. */
export type InstanceId = string;

/** What goes from one process to others. `to` is missing when it is for everybody. */
export interface Envelope {
  readonly from: InstanceId;
  readonly to?: InstanceId;
  readonly topic: string;
  readonly body: unknown;
}

/**
 * News between the processes of a Console: workers of one host, and replicas. At most once: a full queue or a lost connection
 * loses messages, counted, and `joined` tells when state should be said anew. Nothing here waits for anybody.
 */
export interface Bus {
  readonly self: InstanceId;
  /** True while there may be somebody else: what nobody hears need not be made. */
  readonly shared: boolean;
  /** Sends to all others, or to one. Returns at once. */
  publish(topic: string, body: unknown, to?: InstanceId): void;
  /** The body is somebody else's: check it. */
  subscribe(topic: string, take: (body: unknown, from: InstanceId) => void): void;
  /** Calls when another process came, or may have missed something: announce what it must know. */
  onJoined(announce: () => void): void;
  /** Calls when a process has ended or fell silent. */
  onGone(forget: (instance: InstanceId) => void): void;
}

/** Counts and takes tokens over all processes. */
export interface SharedLimits {
  /**
   * Takes tokens of a bucket of `perMinute`. "ask" takes them only when they are there; "tell" says that they were given already,
   * and may leave a debt. Answers what is left afterwards, negative when there were too few; undefined when nobody answers in time.
   */
  charge(key: string, perMinute: number, mode: "ask" | "tell", count: number): Promise<number | undefined>;
}

/** Way to other processes, as the bus sees it. */
export interface Link {
  /** Takes a message or drops it; never waits. */
  send(envelope: Envelope): void;
}
