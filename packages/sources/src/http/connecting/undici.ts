/**
 * The parts of undici that are used, each loaded by itself: the whole of undici brings fetch,
 * WebSocket, caches and mocks, and takes nearly twice the time to load.
 */
import connect from "undici/lib/api/api-connect.js";
import Dispatcher from "undici/lib/dispatcher/dispatcher.js";

export { default as buildConnector } from "undici/lib/core/connect.js";
export { default as errors } from "undici/lib/core/errors.js";
export { default as Agent } from "undici/lib/dispatcher/agent.js";
export { default as Client } from "undici/lib/dispatcher/client.js";
export { default as Pool } from "undici/lib/dispatcher/pool.js";
export { default as ProxyAgent } from "undici/lib/dispatcher/proxy-agent.js";

// The whole gives this method to every dispatcher. ProxyAgent calls it.
Object.assign(Dispatcher.prototype, { connect });
