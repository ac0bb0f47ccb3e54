"""Operations by WebSocket, in the protocol graphql-transport-ws."""
