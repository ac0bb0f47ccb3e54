"""The groups of shards: what all tables of customers have for one range of hashes, which is on one worker. Each has a schema there, in which its shards have the names of their tables."""

# Each transaction on a group begins with it: it fails where the shards of the group are on another worker by now.
GUARD = "; SELECT assert_placed()"
# The schemas of groups on a worker.
SCHEMAS = r"nspname ~ '^portico_g\d+$'"
# The range of hashes of each group that is on a worker in use, the shard of `customer` by which it is named, and the worker.
GROUPS = """
select cast(s.shardminvalue as integer) as lowest, cast(s.shardmaxvalue as integer) as highest, s.shardid as shard, n.nodename as host, n.nodeport as port
  from pg_dist_shard s
  join pg_dist_placement p on p.shardid = s.shardid
  join pg_dist_node n on n.groupid = p.groupid and n.noderole = 'primary'
 where s.logicalrelid = to_regclass('portico.customer') and n.groupid > 0 and n.isactive
 order by 1"""


def schema_of(shard: int) -> str:
    return f"portico_g{shard}"
