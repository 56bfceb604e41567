/** TrackSock and UntrackSock, wherever a hook has a socket. */
import { groupOf, type Case, type HookKind, type JsonObject } from "../case.ts";
import { socketReturnSites, socketSites } from "../matrix/socket-sites.ts";
import { WAY } from "../matrix/operators.ts";
import { arg, lsm, match, syscall, uprobe, usdt, type HookBody } from "../spec.ts";
import { done } from "./told.ts";

const ACTIONS = ["TrackSock", "UntrackSock"] as const;
/** Their ports are nobody else's. */
const PORT = { TrackSock: 18811, UntrackSock: 18812 } as const;
const sites = [...socketSites, ...socketReturnSites].filter((site) => site.type === "sock");

function tracked(site: (typeof sites)[number], action: (typeof ACTIONS)[number]): Case {
  const late = socketReturnSites.includes(site);
  const way = { ...WAY, sport: PORT[action] };
  const filter = match(late ? 0 : (site.filterIndex ?? 0), "SPort", [String(way.sport)]);
  const told = late
    ? { return: site.shown(way), return_action: done(action.toUpperCase())["action"] ?? "" }
    : { args: [site.shown(way)], ...done(action.toUpperCase()) };
  const matches = late
    ? { matchReturnArgs: [filter], matchReturnActions: [{ action }] }
    : { matchArgs: [filter], matchActions: [{ action, argSock: site.arg.index }] };
  return {
    name: `${site.hook}-${action}`.toLowerCase().replaceAll(" ", "-"),
    group: groupOf(site.hook),
    hook: site.hook,
    shows: { action },
    spec: site.spec({ ...(late ? { return: true, returnArg: site.arg } : { args: [site.arg] }), selectors: [matches] }),
    needs: site.needs,
    runs: [
      { act: site.act(way), among: true, events: [told] },
      { act: site.act({ ...way, sport: 18813 }), events: [] },
    ],
  };
}

const number = { args: [arg(0, "int32")] };
const value = { return: true, returnArg: arg(0, "int64") };
/** Hooks where no argument is a socket, and what the compiler says. */
const REFUSED: readonly (readonly [HookKind, (body: HookBody) => JsonObject, HookBody, string])[] = [
  ["syscall", (b) => syscall("sys_lseek", b), number, "needs a socket"],
  ["syscall return", (b) => syscall("sys_lseek", b), value, "needs a socket"],
  ["lsm", (b) => lsm("socket_listen", b), { args: [arg(0, "socket")] }, "doesn't work in an LSM hook"],
  ["uprobe", (b) => uprobe("tx_user_ints", b), number, "needs a socket"],
  ["uretprobe", (b) => uprobe("tx_user_return", b), value, "needs a socket"],
  ["usdt", (b) => usdt("ints", b), number, "needs a socket"],
];

function refused([hook, spec, body, says]: (typeof REFUSED)[number], action: (typeof ACTIONS)[number]): Case {
  const actions = body["return"] === true ? "matchReturnActions" : "matchActions";
  return {
    name: `${hook}-${action}`.toLowerCase().replaceAll(" ", "-"),
    group: "refused",
    hook,
    shows: { action },
    spec: spec({ ...body, selectors: [{ [actions]: [{ action, argSock: 0 }] }] }),
    needs: [],
    compile: { rejected: says },
    runs: [],
  };
}

export const trackingCases: Case[] = ACTIONS.flatMap((action) => [
  ...sites.map((site) => tracked(site, action)),
  ...REFUSED.map((row) => refused(row, action)),
]);
