"""The dashboard, the alerts and the page of operations name the metrics that there are."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gateway.monitoring.families import BY_NAME, FAMILIES, MetricFamily
from tests.gateway.monitoring.scraping import without_suffix

ROOT = Path(__file__).parents[3]
# What prometheus-client's ProcessCollector has.
OF_THE_PROCESS = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"}
# Labels that Prometheus adds to each series.
OF_TARGETS = {"job", "instance"}
FUNCTIONS = {"sum", "rate", "increase", "max", "min", "topk", "absent", "histogram_quantile", "by"}
VARIABLES = {"$__rate_interval": "5m", "$job": "portico", "$instance": "all"}
TOKEN = re.compile(r'"[^"]*"|\[\d+[smhd]\]|[a-zA-Z_][a-zA-Z0-9_]*|\d+(?:\.\d+)?|=~|!~|!=|==|[<>]=?|[=(){},/*+-]|\s+')
MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"')


def panels() -> list[dict[str, object]]:
    return [panel for panel in json.loads((ROOT / "deploy/grafana/portico.json").read_text(encoding="utf-8"))["panels"] if panel["type"] != "row"]


def alerts() -> list[dict[str, object]]:
    groups = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def queries() -> Iterator[str]:
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])  # type: ignore[attr-defined,index]  # of JSON
    yield from (str(rule["expr"]) for rule in alerts())


def problems_of(query: str) -> list[str]:
    """Return what is wrong with a query: a token, a name of a metric, a label, or its parentheses."""
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    left = TOKEN.sub("", query)
    problems = [f"unknown token {left!r}"] if left else []
    problems += [f"unbalanced {opening}" for opening, closing in ("()", "{}", "[]") if query.count(opening) != query.count(closing)]
    bare = re.sub(r'"[^"]*"|\[\w+\]', "", query)
    labels = re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", bare)))
    names = [name for name in re.findall(r"[a-zA-Z_]\w*", re.sub(r"by \([^)]*\)|\{[^}]*\}", "", bare)) if name not in FUNCTIONS]
    problems += [f"unknown metric {name}" for name in names if not _exists(name)]
    problems += [f"unknown label {label}" for label in labels if not any(label in _labels(name) for name in names)]
    for name, matchers in re.findall(r"([a-z_]+)\{([^}]*)\}", query):
        problems += [f"{name} has no label {label}" for label, _ in MATCHER.findall(matchers) if label not in _labels(name)]
    return problems + [f"no metric in {query}"] * (not names)


def _family(name: str) -> MetricFamily | None:
    """Return the family of a sample: a histogram and a summary have their own suffixes, and only these."""
    base = next(iter(without_suffix([name])))
    family = BY_NAME.get(name) or BY_NAME.get(base)
    if family is None:
        return None
    suffixes = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("_count", "_sum")}.get(family.kind, ("",))
    return family if name.removeprefix(family.name) in suffixes else None


def _exists(name: str) -> bool:
    return name in OF_THE_PROCESS or _family(name) is not None


def _labels(name: str) -> set[str]:
    family = _family(name)
    return OF_TARGETS | (set(family.labels) | ({"le"} if name.endswith("_bucket") else set()) if family else set())


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_a_query_names_metrics_and_labels_that_exist(query: str) -> None:
    assert problems_of(query) == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("sum(rate(portico_nothing_total[5m]))", "unknown metric portico_nothing_total"),
        ("rate(portico_operation_seconds[5m])", "unknown metric portico_operation_seconds"),
        ("portico_streams_sum", "unknown metric portico_streams_sum"),
        ('portico_operations_total{color="red"}', "portico_operations_total has no label color"),
        ("sum by (color) (portico_streams)", "unknown label color"),
        ("sum(portico_streams", "unbalanced ("),
        ("sum(portico_streams) § 2", "unknown token '§'"),
    ],
)
def test_a_wrong_query_is_found(query: str, problem: str) -> None:
    assert problem in problems_of(query)


def test_every_metric_is_on_the_dashboard() -> None:
    families = {_family(name) for panel in panels() for target in panel["targets"] for name in re.findall(r"portico_\w+", target["expr"])}  # type: ignore[attr-defined,index]
    assert [family.name for family in FAMILIES if family not in families] == []


def test_panels_have_ids_and_places_of_their_own() -> None:
    every = json.loads((ROOT / "deploy/grafana/portico.json").read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    places = [
        (x, y)
        for panel in every
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) < 24


def test_alerts_have_a_name_a_severity_and_words() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(set(names)) == len(names) > 15
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule  # type: ignore[index]
        assert set(rule["annotations"]) == {"summary", "description"}, rule  # type: ignore[call-overload]


def test_the_page_of_operations_has_every_metric() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    rows = [f"| `{family.name}` | {family.kind} | {', '.join(f'`{label}`' for label in family.labels) or '–'} | {family.help} |" for family in FAMILIES]
    assert [line for line in page.splitlines() if line.startswith("| `portico_")] == rows
