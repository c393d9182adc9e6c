import { type RawData, WebSocket } from "ws";
import { isRecord } from "../../sidecar/api-error";
import { MarketError } from "../errors";

/** Milliseconds between signs of life, and the longest wait for the connection or for an answer. */
const HEARTBEAT = 15_000;

/**
 * Listens to the new blocks of a chain over a websocket (`eth_subscribe`, `newHeads`).
 *
 * @param onHead gets each header as it comes, unchecked
 * @param onEnd called once when the connection has ended or could not be made
 * @returns a function that ends it without calling `onEnd`
 */
export function listenToHeads(
  url: string,
  {
    onHead,
    onOpen,
    onEnd,
  }: {
    readonly onHead: (header: unknown) => void;
    /** The subscription stands: blocks from now on are told. */
    readonly onOpen: () => void;
    readonly onEnd: (error: MarketError) => void;
  },
): () => void {
  const socket = new WebSocket(url, { handshakeTimeout: HEARTBEAT, maxPayload: 4_000_000 });
  const host = new URL(url).host;
  let subscription: unknown;
  let alive = true;
  let ended = false;
  const heartbeat = setInterval(() => {
    if (!alive) {
      end("does not answer any more");
      return;
    }
    alive = false;
    if (socket.readyState === WebSocket.OPEN) {
      socket.ping();
    }
  }, HEARTBEAT);
  const close = (): void => {
    ended = true;
    clearInterval(heartbeat);
    socket.removeAllListeners();
    // An error of a socket that nobody listens to would end the process.
    socket.on("error", () => {});
    socket.terminate();
  };
  const end = (why: string): void => {
    if (!ended) {
      close();
      const remedy = "It is tried again; check the connection and the RPC in the settings.";
      onEnd(new MarketError("rpc-unreachable", `The websocket at ${host} ${why}.`, remedy));
    }
  };
  socket.on("open", () =>
    socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_subscribe", params: ["newHeads"] })),
  );
  socket.on("pong", () => {
    alive = true;
  });
  socket.on("message", (data) => {
    alive = true;
    const message = parse(data);
    if (!isRecord(message)) {
      end("sends something that is not JSON-RPC");
    } else if (message["id"] === 1) {
      subscription = message["result"];
      if (typeof subscription === "string") {
        onOpen();
      } else {
        end("does not tell of new blocks (eth_subscribe is refused)");
      }
    } else if (isRecord(message["params"]) && message["params"]["subscription"] === subscription) {
      onHead(message["params"]["result"]);
    }
  });
  socket.on("unexpected-response", (_request, response) => end(`answers with status ${response.statusCode ?? 0}`));
  socket.on("error", (error) => end(`cannot be reached: ${error.message}`));
  socket.on("close", () => end("closed the connection"));
  return close;
}

function parse(data: RawData): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}
