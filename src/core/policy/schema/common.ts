import { Type } from "typebox";

export const Text = Type.String();
export const Texts = Type.Array(Text);
export const Flag = Type.Boolean();
export const Uint32 = Type.Integer({ minimum: 0, maximum: 4_294_967_295 });
export const Int32 = Type.Integer({ minimum: -2_147_483_648, maximum: 2_147_483_647 });
export const Uint64 = Type.BigInt({ minimum: 0n, maximum: 18_446_744_073_709_551_615n });
