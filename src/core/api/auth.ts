import { Type, type Static } from "typebox";

/** Ranks of the house, lowest first. */
export const ROLES = ["viewer", "analyst", "sensor_owner", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

const Email = Type.String({ maxLength: 254, pattern: "^[^@\\s]+@[^@\\s]+$" });
const Password = Type.String({ minLength: 12, maxLength: 256 });

/** GET /api/v1/setup/status, public. */
export const SetupStatus = Type.Object({ complete: Type.Boolean(), version: Type.String() });
export type SetupStatus = Static<typeof SetupStatus>;

/** POST /api/v1/setup: uses up the one-time link and makes the first administrator; answers Me and sets the session cookie. */
export const SetupRequest = Type.Object(
  {
    token: Type.String({ maxLength: 128 }),
    email: Email,
    name: Type.String({ minLength: 1, maxLength: 128 }),
    password: Password,
    organisation: Type.String({ minLength: 1, maxLength: 128 }),
  },
  { additionalProperties: false },
);
export type SetupRequest = Static<typeof SetupRequest>;

/** POST /api/v1/auth/login → Me and the session cookie. POST /api/v1/auth/logout → 204. */
export const LoginRequest = Type.Object(
  { email: Email, password: Type.String({ maxLength: 256 }) },
  { additionalProperties: false },
);
export type LoginRequest = Static<typeof LoginRequest>;

/** GET /api/v1/auth/me */
export const Me = Type.Object({
  user_id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  role: Type.Unsafe<Role>(Type.String({ enum: [...ROLES] })),
  tenant_id: Type.String(),
  tenant_name: Type.String(),
  /** Sent back in `x-csrf-token` with every request that changes something. */
  csrf_token: Type.String(),
});
export type Me = Static<typeof Me>;

/** Body of every error answer. */
export const ApiError = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    hint: Type.Optional(Type.String()),
    pointer: Type.Optional(Type.String()),
    request_id: Type.Optional(Type.String()),
  }),
});
export type ApiError = Static<typeof ApiError>;
