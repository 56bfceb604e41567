/** Something about trust that every process on the same database must know at once. */
export type TrustNews =
  /** A sensor's identity or standing changed: what is cached of it is void, and its connections end. */
  | { readonly kind: "cut"; readonly sensorId: string }
  /** Certificates stopped counting: connections that were made with them end. */
  | { readonly kind: "certificates"; readonly serials: readonly string[] }
  /** Certificates count in another way: what is cached of them is void. */
  | { readonly kind: "changed"; readonly serials: readonly string[] }
  /** The Console's authorities changed. */
  | { readonly kind: "authorities" }
  /** News may have been missed: whatever is cached is void. */
  | { readonly kind: "resync" };

/**
 * Carries news of trust to every process on the same database. Who publishes has stored the change before; who hears it looks there.
 * News that gets lost costs lateness, never a wrong answer: caches end by themselves after seconds.
 */
export interface TrustBus {
  /** Tells this process's subscribers before it returns, the others within a second. Never throws. */
  publish(news: TrustNews): void;
  /** Calls back with every news, this process's own too; gives how to stop. */
  subscribe(take: (news: TrustNews) => void): () => void;
}

/** The bus of a Console that is alone on its database. */
export class LocalTrustBus implements TrustBus {
  readonly #takers = new Set<(news: TrustNews) => void>();

  publish(news: TrustNews): void {
    for (const take of this.#takers) take(news);
  }

  subscribe(take: (news: TrustNews) => void): () => void {
    this.#takers.add(take);
    return () => void this.#takers.delete(take);
  }
}
