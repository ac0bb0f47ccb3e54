"""What a response is sent as: its coding, its tag, and whether the client has it already."""
