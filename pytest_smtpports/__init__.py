"""A mail provider on the test's own machine: SMTP ports as they behave in the world, any of them blocked.

The public names, loaded when they are first used (PEP 562), and nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._errors import (
        BlockingWaitError,
        ClosedError,
        ConfigurationError,
        NotAttached,
        NoTimeoutWarning,
        OutboundConnectionError,
        ServerError,
        SMTPPortsError,
        UnknownCriterion,
        UnknownFault,
        UnknownName,
        UnknownPort,
    )
    from ._harness._expectation import Expectation
    from ._harness._handle import Handle
    from ._harness._port import Port, Ports
    from ._harness._route import Route
    from ._harness._smtpports import SMTPPorts
    from ._mail._attachments import Attachment
    from ._mail._connection import Connection, Line, Location, Login, Outcome
    from ._mail._lint import Finding
    from ._mail._mailbox import Mailbox
    from ._mail._message import TLS, Envelope, Message
    from ._ports._blocks import Block
    from ._ports._catalogue import FAULTS, Catalogue
    from ._ports._faults import AcceptThen, Action, BadTLS, Delay, Disconnect, Drip, Garbage, Hang, accept_then
    from ._ports._kinds import (
        DNS,
        HTTP,
        Banner,
        Close,
        Drop,
        HostUnreachable,
        Intercept,
        NetUnreachable,
        Prohibited,
        Refuse,
        Reset,
        Silent,
        Stall,
        StripSTARTTLS,
        Tarpit,
        Throttle,
    )
    from ._ports._known_fault import Fault, Retry
    from ._ports._networks import Network
    from ._ports._profile import KINDRED, PROFILES, AuthPolicy, Profile, Role, TLSMode
    from ._ports._providers import Provider
    from ._ports._reply import Reply
    from ._server._faults import Clock

__all__ = [
    "DNS",
    "FAULTS",
    "HTTP",
    "KINDRED",
    "PROFILES",
    "TLS",
    "AcceptThen",
    "Action",
    "Attachment",
    "AuthPolicy",
    "BadTLS",
    "Banner",
    "Block",
    "BlockingWaitError",
    "Catalogue",
    "Clock",
    "Close",
    "ClosedError",
    "ConfigurationError",
    "Connection",
    "Delay",
    "Disconnect",
    "Drip",
    "Drop",
    "Envelope",
    "Expectation",
    "Fault",
    "Finding",
    "Garbage",
    "Handle",
    "Hang",
    "HostUnreachable",
    "Intercept",
    "Line",
    "Location",
    "Login",
    "Mailbox",
    "Message",
    "NetUnreachable",
    "Network",
    "NoTimeoutWarning",
    "NotAttached",
    "OutboundConnectionError",
    "Outcome",
    "Port",
    "Ports",
    "Profile",
    "Prohibited",
    "Provider",
    "Refuse",
    "Reply",
    "Reset",
    "Retry",
    "Role",
    "Route",
    "SMTPPorts",
    "SMTPPortsError",
    "ServerError",
    "Silent",
    "Stall",
    "StripSTARTTLS",
    "TLSMode",
    "Tarpit",
    "Throttle",
    "UnknownCriterion",
    "UnknownFault",
    "UnknownName",
    "UnknownPort",
    "accept_then",
]

_HOMES = {
    "_errors": (
        "BlockingWaitError",
        "ClosedError",
        "ConfigurationError",
        "NoTimeoutWarning",
        "NotAttached",
        "OutboundConnectionError",
        "SMTPPortsError",
        "ServerError",
        "UnknownCriterion",
        "UnknownFault",
        "UnknownName",
        "UnknownPort",
    ),
    "_harness._expectation": ("Expectation",),
    "_harness._handle": ("Handle",),
    "_harness._port": ("Port", "Ports"),
    "_harness._route": ("Route",),
    "_harness._smtpports": ("SMTPPorts",),
    "_mail._attachments": ("Attachment",),
    "_mail._connection": ("Connection", "Line", "Location", "Login", "Outcome"),
    "_mail._lint": ("Finding",),
    "_mail._mailbox": ("Mailbox",),
    "_mail._message": ("TLS", "Envelope", "Message"),
    "_ports._blocks": ("Block",),
    "_ports._catalogue": ("FAULTS", "Catalogue"),
    "_ports._faults": (
        "AcceptThen",
        "Action",
        "BadTLS",
        "Delay",
        "Disconnect",
        "Drip",
        "Garbage",
        "Hang",
        "accept_then",
    ),
    "_ports._kinds": (
        "Banner",
        "Close",
        "DNS",
        "Drop",
        "HTTP",
        "HostUnreachable",
        "Intercept",
        "NetUnreachable",
        "Prohibited",
        "Refuse",
        "Reset",
        "Silent",
        "Stall",
        "StripSTARTTLS",
        "Tarpit",
        "Throttle",
    ),
    "_ports._known_fault": ("Fault", "Retry"),
    "_ports._networks": ("Network",),
    "_ports._profile": ("KINDRED", "PROFILES", "AuthPolicy", "Profile", "Role", "TLSMode"),
    "_ports._providers": ("Provider",),
    "_ports._reply": ("Reply",),
    "_server._faults": ("Clock",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
