"""The processes of a server: one, or several that are forked of one."""
