import { LiveUp, type LiveDown } from "../../core/api/events.ts";
import { compile } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/error.ts";
import { parseFilter } from "../events/filter.ts";
import { hasRole } from "../http/auth.ts";
import type { Principal } from "../http/env.ts";
import type { ClientSocket, SocketHandler } from "../http/socket.ts";
import type { RunningHub } from "./hub.ts";
import { DEFAULT_RATE, type LiveSink, type Watcher } from "./watcher.ts";

const upChecker = compile(LiveUp);
const MAX_MESSAGE_CHARS = 16_384;
/** A browser sends a frame when its user changes something; more than this many a second is no browser. */
const MESSAGES_PER_SECOND = 20;
/** Bytes that may wait in the socket before the browser counts as slow. */
const MAX_BUFFERED_BYTES = 512 * 1024;

function sinkOf(socket: ClientSocket): LiveSink {
  return {
    send(frame) {
      const bytes = socket.send(JSON.stringify(frame));
      // 0: dropped since the socket is closing; -1: taken, but waiting.
      return bytes > 0 && socket.getBufferedAmount() < MAX_BUFFERED_BYTES;
    },
    close: (code, reason) => socket.close(code, reason),
  };
}

/** The browser's half of one live socket, as the HTTP server serves it. */
export function createLiveSocket(deps: { hub: RunningHub; clock: Clock }, principal: Principal): SocketHandler {
  const { hub, clock } = deps;
  let watcher: Watcher | undefined;
  let windowMs = clock.monotonicMs();
  let messages = 0;

  const take = (message: string | Buffer): void => {
    if (typeof message !== "string") throw new AppError("unsupported_media", "Frames are JSON text.");
    if (message.length > MAX_MESSAGE_CHARS) throw new AppError("too_large", "The frame is too large.");
    let value: unknown;
    try {
      value = JSON.parse(message);
    } catch (cause) {
      throw new AppError("invalid_request", "The frame is not JSON.", { cause });
    }
    const frame = upChecker.parse(value);
    switch (frame.type) {
      case "subscribe":
        // News of sensors are for everybody who sees the fleet; events are not.
        if (!hasRole(principal.role, "analyst"))
          throw new AppError("forbidden", `Live events need the role analyst or higher; yours is ${principal.role}.`);
        // Live is now: the filter's time range has no meaning here.
        return watcher?.subscribe(parseFilter(frame.filter), frame.rate ?? DEFAULT_RATE, frame.filter);
      case "pause":
        return watcher?.pause();
      case "resume":
        return watcher?.resume();
    }
  };

  const send = (socket: ClientSocket, frame: LiveDown): void => void socket.send(JSON.stringify(frame));
  const refuse = (socket: ClientSocket, error: unknown): void => {
    if (!(error instanceof AppError)) throw error;
    send(socket, { type: "error", code: error.code, message: error.message });
  };

  return {
    open(socket) {
      try {
        watcher = hub.join(principal, sinkOf(socket));
        send(socket, { type: "ready" });
      } catch (error) {
        refuse(socket, error);
        socket.close(1013, "too many live views");
      }
    },
    message(socket, message) {
      if (clock.monotonicMs() - windowMs >= 1000) {
        windowMs = clock.monotonicMs();
        messages = 0;
      }
      if (++messages > MESSAGES_PER_SECOND) return socket.close(1008, "too many frames");
      try {
        take(message);
      } catch (error) {
        refuse(socket, error);
      }
    },
    drain: () => watcher?.drained(),
    close() {
      if (watcher) hub.leave(watcher);
      watcher = undefined;
    },
  };
}
