/** What ClickHouse's addon offers of itself; queries run on worker threads, `streamQuery` only prepares. */
export interface ChdbAddon {
  CreateConnection(path: string, args?: readonly string[]): ChdbConnection;
  CloseConnection(connection: ChdbConnection): void;
  QueryAsyncConnection(
    connection: ChdbConnection,
    sql: string,
    format: string,
    params?: Readonly<Record<string, string>>,
  ): Promise<ChdbResult>;
  StreamQuery(
    connection: ChdbConnection,
    sql: string,
    format: string,
    params?: Readonly<Record<string, string>>,
  ): ChdbStream;
  StreamFetch(stream: ChdbStream): Promise<{ done: boolean; bytes: Uint8Array }>;
  StreamCancel(stream: ChdbStream): void;
}

declare const connectionBrand: unique symbol;
declare const streamBrand: unique symbol;
export type ChdbConnection = { readonly [connectionBrand]: true };
export type ChdbStream = { readonly [streamBrand]: true };

export interface ChdbResult {
  readonly bytes: Uint8Array;
}

/** Loads the addon from an absolute path; its library must lie beside it. Once a process. */
export function loadChdb(addonPath: string): ChdbAddon {
  const holder: { exports: unknown } = { exports: {} };
  process.dlopen(holder as NodeJS.Module, addonPath);
  return holder.exports as ChdbAddon;
}
