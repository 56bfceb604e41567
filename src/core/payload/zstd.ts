import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";

// 128 MiB: large libraries repeat themselves far apart.
const WINDOW_LOG = 27;

/** A compressing stream; the same bytes in give the same bytes out. */
export function zstdCompressor(level: number): ReturnType<typeof createZstdCompress> {
  return createZstdCompress({
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_windowLog]: WINDOW_LOG,
      [constants.ZSTD_c_enableLongDistanceMatching]: 1,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
}

/** A decompressing stream for what `zstdCompressor` wrote. */
export function zstdDecompressor(): ReturnType<typeof createZstdDecompress> {
  return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG } });
}
