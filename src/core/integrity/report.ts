/** What is wrong with an export, and where: the number of its line, and the place in the sensor's sequence when there is one. */
export class ExportFault extends Error {
  override readonly name = "ExportFault";
  readonly line: number;
  readonly where: { readonly epoch?: string; readonly seq?: number; readonly hour?: string };

  constructor(line: number, message: string, where: ExportFault["where"] = {}) {
    super(message);
    this.line = line;
    this.where = where;
  }
}

/** An unbroken stretch of one of the sensor's sequences. There are several of one sequence when its chain was begun anew in between. */
export interface ChainReport {
  readonly epoch: string;
  /** Numbers of the events given, and of the last one that a signed root covers (undefined: none). */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly signedTo: number | undefined;
  readonly events: number;
  /** Of those, how many come after the last signed root. */
  readonly unsignedEvents: number;
  /** Events of blocks among these that the file does not hold: proven to have been received, and gone from the store since. */
  readonly absent: number;
  /** Events given beyond those, under numbers that were sealed as missing: stored later or put in, and proven by nothing. */
  readonly late: number;
  /** Events given of blocks that lost others: the digest of such a block can't be made again, so nothing proves them. */
  readonly unproven: number;
  readonly missing: readonly { readonly stage: string; readonly cause: string; readonly count: number }[];
}

/** What an export proves. */
export interface VerifyReport {
  readonly tenantId: string;
  readonly sensorId: string;
  readonly nodeName: string;
  /** Times of the first and last event given, by the sensor's clock, microseconds since 1970; undefined without events. */
  readonly firstUs: number | undefined;
  readonly lastUs: number | undefined;
  /** From when on the Console says to have let go of nothing. */
  readonly keptFrom: string;
  readonly events: number;
  /** Events in the file that nothing proves (see ChainReport). */
  readonly late: number;
  readonly unproven: number;
  readonly missing: number;
  readonly chains: readonly ChainReport[];
  readonly roots: readonly { readonly hour: string; readonly signedAt: string; readonly keyId: string }[];
  readonly keyIds: readonly string[];
  /** The key was given from outside the file. */
  readonly keyGiven: boolean;
}
