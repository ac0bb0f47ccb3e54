"""The tests that do not run against a cluster of Citus, each with its reason: they are skipped where PORTICO_TEST_DATABASE_URL names one."""

import re
from collections.abc import Iterable

import pytest

ONE_NODE = "is about a database that is not distributed"
STATEMENTS = "is about statements that are sent to one node: Citus gets others"
OWN = "makes a database or a cluster of its own"
LOCKS = "looks for a lock on the coordinator, where a worker has it"
CONSTRAINTS = "switches constraints or triggers off, which the shards keep"
INDEX = "is about what a unique index decides between two at the same instant, where no index is over all shards (docs/scaling.md, limits)"
TRIGGERS = "makes triggers that fail, which Citus does not allow on its tables"
OWN_SQL = "reads rows of many customers by SQL of its own, which Citus cannot split"
STAFF = "is about a plan for staff, whose documents the executor answers on a cluster (docs/scaling.md, limits)"

# What pytest calls them, from the folder of tests on; a folder or a file without a part for its tests is all of it.
ELSEWHERE = {
    r"faults/.*": OWN,
    r"deploy/test_secret_rotation\.py::test_(a_command_that_cannot_re_seal|what_neither_secret_opens).*": OWN,
    r"db/distribution/test_(groups|refusals|tables)\.py": ONE_NODE,
    r"db/distribution/test_policies\.py::test_(folded|as_citus|a_second|a_restrictive).*": ONE_NODE,
    r"journeys/customers/test_addresses\.py::test_of_two_calls_at_once_with_one_address.*": INDEX,
    r"journeys/customers/test_saving\.py::test_calls_at_once_with_one_external_id.*": INDEX,
    r"journeys/customers/test_saving\.py::test_ids_name_one_customer_for_good": CONSTRAINTS,
    r"journeys/merchant/test_merchant_page\.py::test_the_script_takes.*": OWN,
    r"journeys/merchant/test_services\.py::test_an_external_id_is_unique.*": INDEX,
    r"journeys/merchant/test_services\.py::test_planner_and_executor.*": STAFF,
    r"journeys/merchant/test_services\.py::test_the_entries_of_the_search.*": OWN_SQL,
    r"journeys/(replicas/.*|pooler/test_pooler\.py|outages/test_restarts\.py)": OWN,
    r"journeys/files/test_sweep\.py::test_an_object_that_a_stored_file_has.*": CONSTRAINTS,
    r"journeys/http/test_partial_mutations\.py": TRIGGERS,
    r"journeys/outages/test_sqlstates\.py": TRIGGERS,
    r"journeys/uploads/test_upload_saving\.py::test_an_upload_sends_five_messages.*": STATEMENTS,
    r"journeys/pages/test_reading_scope\.py::test_the_viewer_has_no_customer_without_the_scope\[staff\]": STAFF,
    r"planner/test_faults\.py::test_(a_null_where|over_http).*": CONSTRAINTS,
    r"planner/test_faults\.py::test_a_canceled_statement.*": LOCKS,
    r"planner/test_faults\.py::test_explain.*": STATEMENTS,
    r"planner/test_first_party\.py::test_the_summary_takes_as_many_statements.*": STATEMENTS,
    r"planner/test_levels\.py::test_(the_summary_is|after_a_statement|documents_share|only_the_columns).*": STATEMENTS,
}


def reason_of(name: str) -> str | None:
    """Return why a test does not run on a cluster. None if it does."""
    return next((reason for pattern, reason in ELSEWHERE.items() if re.fullmatch(rf"{pattern}(::.*)?", name)), None)


def skip_elsewhere(items: Iterable[pytest.Item]) -> None:
    for item in items:
        if reason := reason_of(item.nodeid.removeprefix("tests/")):
            item.add_marker(pytest.mark.skip(reason=reason))
