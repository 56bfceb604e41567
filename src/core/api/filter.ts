import { Type } from "typebox";

/** A list of a filter: values ORed, comma-separated in a URL. */
export const words = (maxItems: number, maxLength = 128) =>
  Type.Optional(Type.Array(Type.String({ maxLength }), { maxItems }));

const Time = Type.String({ maxLength: 40 });

/** A range of time: `15m`, `1h`, `24h`, `7d`, counted back from now; or `from`/`to` as RFC 3339. */
export const TIME_RANGE = {
  since: Type.Optional(Type.String({ pattern: "^[0-9]{1,4}[smhd]$" })),
  from: Type.Optional(Time),
  to: Type.Optional(Time),
};
