import { expect, test } from "bun:test";
import { Metrics } from "../../core/metrics.ts";
import { mergeMetrics } from "./merge-metrics.ts";

test("each family is told once, each sample says whose it is", () => {
  const texts = new Map<string, string>();
  for (const worker of ["1", "2"]) {
    const metrics = new Metrics();
    metrics.counter("a_total", "A.")(Number(worker));
    metrics.counter("b_total", "B.")(2, { status: "2xx } #" });
    metrics.histogram("c", "C.", [1])(0.5);
    texts.set(worker, metrics.render());
  }
  expect(mergeMetrics(texts).split("\n")).toEqual([
    "# HELP a_total A.",
    "# TYPE a_total counter",
    'a_total{worker="1"} 1',
    'a_total{worker="2"} 2',
    "# HELP b_total B.",
    "# TYPE b_total counter",
    'b_total{worker="1",status="2xx } #"} 2',
    'b_total{worker="2",status="2xx } #"} 2',
    "# HELP c C.",
    "# TYPE c histogram",
    ...["1", "2"].flatMap((w) => [
      `c_bucket{worker="${w}",le="1"} 1`,
      `c_bucket{worker="${w}",le="+Inf"} 1`,
      `c_sum{worker="${w}"} 0.5`,
      `c_count{worker="${w}"} 1`,
    ]),
    "",
  ]);
});
