export const PASSWORD_LEAST = 12;

export interface PasswordJudgement {
  /** 0 too short, 1 weak, 2 fair, 3 strong. */
  readonly level: 0 | 1 | 2 | 3;
  readonly words: string;
}

const COMMON = /pass ?word|telovix|qwert|letmein|welcome|admin|12345|abcdef/i;

/** What to say about a password while it is typed; pure. Length counts most. */
export function judgePassword(password: string, about: readonly string[]): PasswordJudgement {
  const missing = PASSWORD_LEAST - password.length;
  if (password === "")
    return { level: 0, words: `At least ${PASSWORD_LEAST} characters. A few unrelated words make a good one.` };
  if (missing > 0) return { level: 0, words: `${missing} more ${missing === 1 ? "character" : "characters"} needed.` };
  const low = password.toLowerCase();
  const own = about
    .flatMap((text) => text.toLowerCase().split(/[^a-z0-9]+/))
    .find((word) => word.length > 3 && low.includes(word));
  if (own) return { level: 1, words: `Weak: it contains “${own}”, which anyone can guess.` };
  if (COMMON.test(password)) return { level: 1, words: "Weak: it contains one of the commonest words in passwords." };
  const different = new Set(password).size;
  if (different < 6) return { level: 1, words: "Weak: the same characters over and over." };
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length;
  if (password.length >= 20 || (password.length >= 15 && kinds >= 3)) return { level: 3, words: "Strong." };
  return { level: 2, words: "Fair. Longer is stronger." };
}
