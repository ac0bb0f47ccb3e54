"""Where a page ends exactly with the last row, or one before it, or one after it."""

import pytest

from tests.conftest import ADA, Portal

ABOUT = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } nodes { id }"


@pytest.mark.parametrize("beyond", [-1, 0, 1])
@pytest.mark.parametrize("end", ["first", "last"])
@pytest.mark.parametrize("where", ["in the document", "as a variable"])
async def test_a_page_knows_whether_there_is_more(portal: Portal, end: str, beyond: int, where: str) -> None:
    (total,) = (await portal.execute("{ customer { payments(first: 1) { totalCount } } }")).data["customer"]["payments"].values()
    size, variables = total + beyond, {"size": total + beyond} if where == "as a variable" else {}
    text = f"query {'($size: Int)' if variables else ''} {{ customer {{ payments({end}: {'$size' if variables else size}) {{ {ABOUT} }} }} }}"
    planned, executed = await portal.plan(text, ADA, **variables), await portal.execute(text, ADA, **variables)
    assert planned
    page = planned.data["customer"]["payments"]
    assert page == executed.data["customer"]["payments"]
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (beyond < 0 and end == "first", beyond < 0 and end == "last")
    assert len(page["nodes"]) == len(page["edges"]) == min(size, total)
    assert [page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]] == [page["edges"][0]["cursor"], page["edges"][-1]["cursor"]]
