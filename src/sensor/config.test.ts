import { describe, expect, test } from "bun:test";
import { errorMessage } from "../core/error.ts";
import { sensorConfig } from "./config.ts";

test("flags win over the environment, the environment over defaults", () => {
  expect(sensorConfig({}, {})).toMatchObject({
    stateDir: "/var/lib/telovix-sensor",
    logLevel: "info",
    logFormat: undefined,
    enginePath: undefined,
    declaredRole: "generic_linux",
  });
  const env = {
    TELOVIX_SENSOR_STATE_DIR: "/a",
    TELOVIX_SENSOR_LOG_LEVEL: "warn",
    TELOVIX_SENSOR_SPOOL_EVENTS: "5000",
    TELOVIX_SENSOR_SPOOL_MB: "64",
  };
  expect(sensorConfig({}, env)).toMatchObject({
    stateDir: "/a",
    logLevel: "warn",
    spool: { maxEvents: 5000, maxBytes: 64 * 1024 * 1024 },
  });
  expect(sensorConfig({ stateDir: "/b", logLevel: "debug" }, env)).toMatchObject({ stateDir: "/b", logLevel: "debug" });
  expect(Object.isFrozen(sensorConfig({}, {}))).toBe(true);
});

test("what is wrong is refused with its name", () => {
  expect(() => sensorConfig({ logLevel: "loud" }, {})).toThrow("There is no log level 'loud'.");
  expect(() => sensorConfig({}, { TELOVIX_SENSOR_SPOOL_EVENTS: "many" })).toThrow("TELOVIX_SENSOR_SPOOL_EVENTS");
});

describe("packs", () => {
  test.each([
    [undefined, undefined, ["linux-baseline"]],
    [undefined, "", ["linux-baseline"]],
    [undefined, "baseline, o-du-process-guard", ["baseline", "o-du-process-guard"]],
    ["none", "baseline", []],
    ["linux-baseline", "none", ["linux-baseline"]],
  ])("flag %p, environment %p: %p", (flag, env, packs) =>
    expect(sensorConfig({ packs: flag }, { TELOVIX_SENSOR_PACKS: env }).packs).toEqual(packs),
  );

  test("none stands alone", () => {
    let said = "";
    try {
      sensorConfig({ packs: "none,baseline" }, {});
    } catch (error) {
      said = errorMessage(error);
    }
    expect(said).toContain("none,baseline");
  });
});

describe("the container runtime", () => {
  test.each([
    ["/run/my.sock", ["/run/my.sock"]],
    ["unix:///run/my.sock", ["/run/my.sock"]],
  ])("TELOVIX_SENSOR_CRI_SOCKET=%p: %p", (value, sockets) =>
    expect(sensorConfig({}, { TELOVIX_SENSOR_CRI_SOCKET: value }).criSockets).toEqual(sockets),
  );

  test("is looked for where runtimes listen, and not at a part of a path", () => {
    expect(sensorConfig({}, { TELOVIX_SENSOR_CRI_SOCKET: "" }).criSockets).toContain("/run/crio/crio.sock");
    expect(() => sensorConfig({}, { TELOVIX_SENSOR_CRI_SOCKET: "my.sock" })).toThrow("TELOVIX_SENSOR_CRI_SOCKET");
  });
});

describe("enforcement", () => {
  test.each([
    [undefined, false],
    ["", false],
    ["0", false],
    ["1", true],
  ])("TELOVIX_SENSOR_ENFORCE=%p: %p", (value, enforce) =>
    expect(sensorConfig({}, { TELOVIX_SENSOR_ENFORCE: value }).enforce).toBe(enforce),
  );

  test("a word that could mean either is refused", () =>
    expect(() => sensorConfig({}, { TELOVIX_SENSOR_ENFORCE: "yes" })).toThrow("TELOVIX_SENSOR_ENFORCE"));
});
