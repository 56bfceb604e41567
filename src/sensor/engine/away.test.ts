import { expect, test } from "bun:test";
import { LOSS_CAUSES } from "../../core/event/loss-causes.ts";
import { AwayTime } from "./away.ts";

test("what happens between two engines is told as lost, unless the second goes on with what the first left in the kernel", () => {
  const away = new AwayTime();
  expect(away.over({ adopted: false, atUs: 5 })).toBeUndefined();
  away.began(10);
  // One that was not up before it ended again changes nothing about when it began.
  away.began(20);
  const draft = away.over({ adopted: false, atUs: 30 })!;
  expect(draft.loss).toEqual({ cause: "engine_away", count: 0, from_us: 10, to_us: 30 });
  expect(draft.message).toBe("An unknown number of events was lost (engine_away).");
  expect(LOSS_CAUSES["engine_away"]?.stage).toBe("engine");
  expect(away.over({ adopted: false, atUs: 40 })).toBeUndefined();
  away.began(50);
  expect(away.over({ adopted: true, atUs: 60 })).toBeUndefined();
  expect(away.over({ adopted: false, atUs: 70 })).toBeUndefined();
});
