"""Policies of tables whose rows are on workers: Citus makes all policies of a shard permissive, so the conditions of restrictive ones become parts of the permissive ones."""

from dataclasses import dataclass

from db.connections import Connection
from db.deployment.roles import APP

# By command of Postgres' catalog; `*` is for all of them, and is divided.
COMMANDS = {"r": "select", "a": "insert", "w": "update", "d": "delete"}
POLICIES = """
select quote_ident(p.polname) as name, p.polcmd::text as command, p.polpermissive as is_permissive, pg_get_expr(p.polqual, p.polrelid) as using,
       pg_get_expr(p.polwithcheck, p.polrelid) as checked, array(select r.rolname from pg_roles r where r.oid = any(p.polroles))::text[] as roles
  from pg_policy p
 where p.polrelid = to_regclass($1) and p.polname <> 'routed'
 order by p.polname"""


class CannotFold(Exception):
    """A restrictive policy is of a form that no permissive one can have. It would not hold on the workers."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of the application, with the conditions of the rows that it reads and of those that it writes."""

    name: str
    command: str
    is_permissive: bool
    using: str | None
    checked: str | None

    @property
    def conditions(self) -> dict[str, str]:
        """Return the conditions by their clauses: what is written is checked by what is read, where nothing else is said."""
        own = {"using": self.using if self.command != "a" else None, "with check": self.checked or self.using if self.command in "aw" else None}
        return {clause: condition for clause, condition in own.items() if condition}


async def fold_restrictive(connection: Connection, table: str) -> None:
    """Let the permissive policies of a table restrict what its restrictive ones did, and drop these. Without a permissive one for a command there is nothing to restrict.

    Nothing is changed where none is restrictive. Raises CannotFold.
    """
    records = [record for record in await connection.fetch(POLICIES, table) if APP in record["roles"] or not record["is_permissive"]]
    if all(record["is_permissive"] for record in records):
        return
    if wrong := [record["name"] for record in records if record["roles"] != [APP] or (record["command"] not in "awd" and not record["is_permissive"])]:
        raise CannotFold(f"The policies {', '.join(wrong)} of {table} cannot hold on workers.")
    policies = [Policy(*record[:5]) for record in records]
    restrictive = [policy for policy in policies if not policy.is_permissive]
    for policy in policies:
        if policy.is_permissive:
            for statement in folded(table, policy, restrictive):
                await connection.execute(statement)
    for policy in restrictive:
        await connection.execute(f"drop policy {policy.name} on {table}")


def folded(table: str, policy: Policy, restrictive: list[Policy]) -> list[str]:
    """Return the statements that give a permissive policy the conditions of the restrictive ones for its command; one for all commands is divided."""
    if policy.command == "*":
        parts = [Policy(f"{policy.name}_{COMMANDS[each]}", each, True, policy.using, policy.checked) for each in COMMANDS]
        made = [f"create policy {part.name} on {table} for {COMMANDS[part.command]} to {APP} {_clauses(part, restrictive)}" for part in parts]
        return [f"drop policy {policy.name} on {table}", *made]
    concerned = [each for each in restrictive if each.command == policy.command]
    return [f"alter policy {policy.name} on {table} {_clauses(policy, concerned)}"] if concerned else []


def _clauses(policy: Policy, restrictive: list[Policy]) -> str:
    conditions = {clause: [condition] for clause, condition in policy.conditions.items()}
    for each in restrictive:
        if each.command == policy.command:
            for clause, condition in each.conditions.items():
                conditions.setdefault(clause, []).append(condition)
    return " ".join(f"{clause} ({' and '.join(f'({part})' for part in parts)})" for clause, parts in conditions.items())
