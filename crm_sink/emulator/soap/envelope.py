"""SOAP envelopes: what a request asks for, and how a reply or a fault is written.

Names are read in any namespace and under any prefix: clients differ widely in both.

Not imitated: SOAP 1.2, attachments, gzip'd envelopes without a Content-Encoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from crm_sink.emulator.xml import HEAD, XSI, BadXml, first, leaf, parse, tag, text, wrap

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
METADATA = "http://soap.sforce.com/2006/04/metadata"
NAMESPACES = {
    "u": "urn:partner.soap.sforce.com",
    "c": "urn:enterprise.soap.sforce.com",
    "m": METADATA,
}
FAULTS = {
    "u": "urn:fault.partner.soap.sforce.com",
    "c": "urn:fault.enterprise.soap.sforce.com",
    "m": METADATA,
}
XML_TYPE = "text/xml; charset=utf-8"


class Fault(Exception):
    """A call that is answered with HTTP 500 and a SOAP fault.

    Args:
        code: Salesforce's exception code, such as `INVALID_LOGIN`.
        message: Its words, without the code before them.
        kind: The element in the detail; without one there is no detail.
    """

    def __init__(self, code: str, message: str, kind: str = "UnexpectedErrorFault") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Call:
    """What an envelope asks for."""

    operation: str
    body: Element
    session: str | None
    all_or_none: bool


def read(content: bytes) -> Call:
    """Read an envelope.

    Raises:
        Fault: It is none, or asks for nothing.
    """
    try:
        root = parse(content)
    except BadXml as error:
        raise Fault("soapenv:Client", f"Unable to parse the request: {error}") from None
    body = first(root, "Body")
    operation = None if body is None else next(iter(body), None)
    if tag(root) != "Envelope" or operation is None:
        raise Fault("soapenv:Client", "No SOAP Body found, or nothing in it")
    header = first(root, "Header")
    return Call(
        tag(operation),
        operation,
        _in_header(header, "SessionHeader", "sessionId"),
        _in_header(header, "AllOrNoneHeader", "allOrNone") == "true",
    )


def _in_header(header: Element | None, group: str, wanted: str) -> str | None:
    found = None if header is None else first(header, group)
    return None if found is None else text(found, wanted)


def answer(service: str, operation: str, content: str) -> Response:
    """Answer a call of the service `u`, `c` or `m`; `content` is what stands in the response."""
    response = wrap(f"{operation}Response", content)
    opened = (
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns="{NAMESPACES[service]}" '
        f'xmlns:xsi="{XSI}">'
    )
    text = f"{HEAD}{opened}{wrap('soapenv:Body', response)}</soapenv:Envelope>"
    return Response(text.encode(), headers={"content-type": XML_TYPE})


def refusal(service: str, fault: Fault) -> Response:
    """Answer with a fault; its status is always 500 (facts 1.5)."""
    of_soap = fault.code.startswith("soapenv:")
    code = fault.code if of_soap else f"sf:{fault.code}"
    words = fault.message if of_soap else f"{fault.code}: {fault.message}"
    content = leaf("faultcode", code) + leaf("faultstring", words)
    if not of_soap and service != "m":
        kind = f"sf:{fault.kind}"
        inside = leaf("sf:exceptionCode", fault.code) + leaf("sf:exceptionMessage", fault.message)
        content += f'<detail><{kind} xsi:type="{kind}">{inside}</{kind}></detail>'
    opened = (
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:sf="{FAULTS[service]}" '
        f'xmlns:xsi="{XSI}">'
    )
    body = wrap("soapenv:Body", wrap("soapenv:Fault", content))
    text = f"{HEAD}{opened}{body}</soapenv:Envelope>"
    return Response(text.encode(), 500, headers={"content-type": XML_TYPE})
