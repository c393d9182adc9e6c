// Stands for @walletconnect/jsonrpc-ws-connection in the bundle. The package is CommonJS: esbuild hands its namespace to importers that
// want its default export.
import connection from "../../node_modules/@walletconnect/jsonrpc-ws-connection/dist/index.cjs.js";

export const { WsConnection } = connection;
export default connection.default;
