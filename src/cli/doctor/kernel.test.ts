import { expect, test } from "bun:test";
import { kernelFinding } from "./kernel.ts";

const of = (release: string): string => `${kernelFinding(`Linux version ${release} (x@y) #1 SMP`).status}`;

test("the kernel's number says what to expect of the engine", () => {
  expect(["4.19.0-27-amd64", "5.7.19", "5.8.0"].map(of)).toEqual(["missing", "missing", "limited"]);
  expect(["5.10.0-32-amd64", "5.16.20", "5.17.0", "6.1.0-56-amd64"].map(of)).toEqual([
    "limited",
    "limited",
    "ok",
    "ok",
  ]);
  expect(of("")).toBe("missing");
});

test("a real-time kernel is named so", () => {
  expect(kernelFinding("Linux version 6.1.0-56-rt-amd64 (x@y) #1 SMP PREEMPT_RT").message).toBe(
    "Linux 6.1.0-56-rt-amd64, real-time (PREEMPT_RT).",
  );
});
