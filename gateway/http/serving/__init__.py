"""The server process: sockets, connections and the HTTP protocol."""
