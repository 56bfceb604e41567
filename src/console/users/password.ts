import { AppError } from "../../core/error.ts";

/** argon2id as OWASP's first choice has it: 19 MiB, 2 passes, 1 lane. About 25 ms of one core. */
const ARGON2ID = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** Hashing happens before anybody is known: no more than this many at once, and no more than this many waiting. */
const AT_ONCE = 2;
const WAITING = 32;
const MIN_DISTINCT_CHARS = 6;
const COMMON =
  /^(?:password|passw0rd|qwerty(?:uiop)?|letmein|welcome|admin(?:istrator)?|changeme|telovix|secret|iloveyou)+[0-9!.@#$_-]*$/i;

/** Makes and checks password hashes, a bounded number at a time. */
export interface Passwords {
  /** PHC string; AppError `unavailable` when too many wait. */
  hash(password: string): Promise<string>;
  /** With no hash (no such account) it takes as long and answers false. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

/** Password hashing with argon2id on Bun's worker threads. */
export function createPasswords(): Passwords {
  let running = 0;
  const queue: (() => void)[] = [];
  let dummy: Promise<string> | undefined;

  const inTurn = async <T>(run: () => Promise<T>): Promise<T> => {
    if (running >= AT_ONCE) {
      if (queue.length >= WAITING)
        throw new AppError("unavailable", "Too many people are signing in just now.", { retryAfterSecs: 2 });
      await new Promise<void>((resolve) => queue.push(resolve));
    } else running++;
    try {
      return await run();
    } finally {
      // A waiter takes over the place, so that `running` never rises above the bound.
      const next = queue.shift();
      if (next) next();
      else running--;
    }
  };

  return {
    hash: (password) => inTurn(() => Bun.password.hash(password, ARGON2ID)),
    verify: (password, hash) =>
      inTurn(async () => {
        dummy ??= Bun.password.hash(crypto.randomUUID(), ARGON2ID);
        const known = await Bun.password.verify(password, hash ?? (await dummy));
        return known && hash !== undefined;
      }),
  };
}

/**
 * Refuses passwords that are guessed first: common ones, few different characters, or the person's own names.
 * Length (12 to 256) is the schema's. AppError `invalid_request` at /password.
 */
export function checkPassword(password: string, own: readonly string[]): void {
  const refuse = (why: string): never => {
    throw new AppError("invalid_request", `/password: ${why}`, {
      pointer: "/password",
      hint: "Four or more words that have nothing to do with each other are good.",
    });
  };
  if (!password.isWellFormed()) refuse("is not valid text");
  if (new Set(password).size < MIN_DISTINCT_CHARS) refuse(`has fewer than ${MIN_DISTINCT_CHARS} different characters`);
  if (COMMON.test(password)) refuse("is one of the first that are guessed");
  const bare = password.toLowerCase().replace(/[\d\W_]+$/u, "");
  const names = own.flatMap((name) => [name, name.split("@")[0]!]).map((name) => name.trim().toLowerCase());
  if (names.some((name) => name !== "" && (name === bare || name === password.toLowerCase())))
    refuse("is the name or address of the account");
}

/** Refuses control characters and broken text, which no name or address has. AppError `invalid_request` at the field. */
export function checkPlainText(fields: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(fields))
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    if (/[\u0000-\u001f\u007f]/.test(value) || !value.isWellFormed() || value.trim() === "")
      throw new AppError("invalid_request", `/${name}: is not plain text`, { pointer: `/${name}` });
}
