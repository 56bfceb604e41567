/** An expression is wrong, at this offset (UTF-16 units from 0). Caught where expressions are compiled. */
export class CelFault extends Error {
  override readonly name = "CelFault";
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}
