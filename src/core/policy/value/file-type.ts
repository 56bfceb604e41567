/** File type bits of a mode, by the names the format has for them. */
export const FILE_TYPES: ReadonlyMap<string, number> = new Map([
  ["fifo", 0x1000],
  ["pipe", 0x1000],
  ["chr", 0x2000],
  ["char", 0x2000],
  ["dir", 0x4000],
  ["blk", 0x6000],
  ["block", 0x6000],
  ["reg", 0x8000],
  ["regular", 0x8000],
  ["lnk", 0xa000],
  ["link", 0xa000],
  ["sock", 0xc000],
  ["socket", 0xc000],
]);
