import { describe, expect, test } from "bun:test";
import { AppError } from "../../core/error.ts";
import { Secret } from "../../core/log.ts";
import { parseKafkaUrl } from "./target.ts";

const parse = (text: string) => parseKafkaUrl(new Secret(text));

describe("the address of a Kafka cluster", () => {
  test("names brokers, with or without a port", () => {
    expect(parse("kafka://one:9093,two,[::1]:9092")).toEqual({
      brokers: ["one:9093", "two:9092", "[::1]:9092"],
      tls: false,
    });
    expect(parse("kafkas://one/").tls).toBe(true);
  });

  test("may hold a user and a password, which are not printed", () => {
    const { sasl } = parse("kafkas://a%20b:p%40ss%3a@one:9092?mechanism=plain");
    expect(sasl).toMatchObject({ mechanism: "PLAIN", username: "a b" });
    expect(sasl?.password.reveal()).toBe("p@ss:");
    expect(JSON.stringify(sasl)).not.toContain("p@ss");
    expect(parse("kafka://u:p@one").sasl?.mechanism).toBe("SCRAM-SHA-256");
  });

  test("is refused without repeating it", () => {
    for (const text of [
      "http://one",
      "kafka://",
      "kafka://one:99999",
      "kafka://u@one",
      "kafka://u:secret@one?mechanism=GSSAPI",
      "kafka://u:%zz@one",
      "kafka://a b",
    ])
      try {
        parse(text);
        throw new Error(`taken: ${text}`);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
        expect((error as AppError).message).not.toContain("secret");
      }
  });
});
