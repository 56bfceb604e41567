import { describe, expect, test, setDefaultTimeout } from "bun:test";
import { AppError } from "../../core/error.ts";
import { addressKey } from "./address-key.ts";
import { checkPassword, createPasswords } from "./password.ts";

// Slow machines are not wrong ones.
setDefaultTimeout(60_000);

describe("passwords", () => {
  test("are hashed with argon2id, 19 MiB and 2 passes, and verified", async () => {
    const passwords = createPasswords();
    const hash = await passwords.hash("eleven green bottles");
    expect(hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(await passwords.verify("eleven green bottles", hash)).toBe(true);
    expect(await passwords.verify("ten green bottles", hash)).toBe(false);
    expect(await passwords.verify("ten green bottles", undefined)).toBe(false);
  });

  test("so many wait and no more; the others are told to come again, and none is forgotten", async () => {
    const passwords = createPasswords();
    const asked = await Promise.allSettled(Array.from({ length: 40 }, () => passwords.verify("x", undefined)));
    const refused = asked.filter((a) => a.status === "rejected");
    expect(refused.length).toBe(40 - 34);
    for (const { reason } of refused) expect((reason as AppError).code).toBe("unavailable");
    expect(await passwords.verify("x", undefined)).toBe(false);
  });

  test.each([
    "password1234",
    "Telovix2026!!",
    "aaaaaaaaaaaab",
    "adminadmin12",
    "ops@example.org",
    "Operations2026",
    "\ud800aaaabbbbcccc",
  ])("%j is refused", (password) =>
    expect(() => checkPassword(password, ["ops@example.org", "Operations"])).toThrow(AppError),
  );

  test.each(["correct horse battery", "ひみつのあいことばです2026", "7h!ng5-th4t-f1t"])("%j is taken", (password) =>
    expect(() => checkPassword(password, ["ops@example.org"])).not.toThrow(),
  );
});

describe("addressKey", () => {
  test.each([
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
  ])("%s counts as %s", (address, key) => expect(addressKey(address)).toBe(key));
});
