//! ZLayer's REST API over a unix socket.
