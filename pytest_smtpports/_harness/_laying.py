"""How a fault comes about: at the ports that have its stage, or, where the network does it, as a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .._errors import ConfigurationError, is_ours
from .._ports._faults import Stage, action_of, check_conditions, has_stage, stage_of, stages_of
from .._ports._kinds import DNS, StripSTARTTLS
from .._ports._known_fault import Fault
from .._ports._rules import FaultRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._ports._faults import Action, Condition
    from .._ports._profile import Profile
    from .._ports._reply import Reply
    from ._handle import Handle
    from ._world import World

__tracebackhide__ = is_ours


class Terms(NamedTuple):
    """How often, for whom and when, as `FaultRule` has it."""

    times: int | None
    after: int
    mail_from: Condition | None
    recipient: Condition | None
    connection: int | None


# What holds for every fault of whose terms nothing was said.
ALWAYS = Terms(None, 0, None, None, None)


def lay_fault(
    world: World,
    profiles: Mapping[int, Profile],
    scope: object,
    stage: str | Fault,
    action: str | Reply | Action | None,
    terms: Terms,
) -> Handle:
    """Have something go wrong at those of these ports where it can.

    Raises:
        UnknownName: a stage that does not exist.
        UnknownFault: a fault that does not exist.
        ConfigurationError: something that can never happen.
    """
    if isinstance(stage, Fault) and action is not None:
        raise ConfigurationError(
            f"The fault {stage.name!r} says what happens, and where ({stage}); leave {action!r} out, or give the "
            "name of a stage in its place."
        )
    if action is not None and not isinstance(stage, Fault):
        return _lay_at_stage(world, profiles, scope, stage, action, terms)
    fault = stage if isinstance(stage, Fault) else _named(world, stage)
    if fault.block is not None:
        _check_bare(fault, terms)
        return world.lay(dict.fromkeys(_reached(world, profiles, scope, fault), fault.block), scope)
    assert fault.stage is not None
    assert fault.action is not None
    return _lay_at_stage(world, profiles, scope, fault.stage, fault.action, terms)


def _named(world: World, name: str) -> Fault:
    if name in tuple(Stage):
        raise ConfigurationError(
            f"{name!r} is a stage: say what happens there as well, as in fail({name!r}, Disconnect()), or name a fault "
            "that says both, as in fail('mailbox-full')."
        )
    return world.catalogue()[name]


def _check_bare(fault: Fault, terms: Terms) -> None:
    """Make sure that nothing is asked of a network that it does not look at."""
    said = [name for name, term, usual in zip(Terms._fields, terms, ALWAYS, strict=True) if term != usual]
    if said:
        raise ConfigurationError(
            f"{said[0]}= can't be met by {fault.name!r}: it is done by the network ({fault.block!r}), to every "
            "connection alike. Leave it out; port= can be said."
        )


def _reached(world: World, profiles: Mapping[int, Profile], scope: object, fault: Fault) -> list[int]:
    """The ports at which a network can do it.

    Raises:
        ConfigurationError: there are none.
    """
    if isinstance(fault.block, DNS) and scope is None and not world.network.routes_any:
        raise ConfigurationError(
            f"{fault.name!r} hides names that lead here, and none does: route one first, as in "
            "route('smtp.example.com')."
        )
    is_stripped = isinstance(fault.block, StripSTARTTLS)
    reached = [number for number, profile in profiles.items() if not is_stripped or has_stage(profile, Stage.STARTTLS)]
    if not reached:
        raise ConfigurationError(
            f"{fault.name!r} takes STARTTLS away, and port {_listed(profiles)} does not offer it, so that this fault "
            "could never fire."
        )
    return reached


def _lay_at_stage(
    world: World,
    profiles: Mapping[int, Profile],
    scope: object,
    stage: str,
    action: str | Reply | Action,
    terms: Terms,
) -> Handle:
    place = stage_of(stage)
    numbers = [number for number, profile in profiles.items() if has_stage(profile, place)]
    if not numbers:
        valid = dict.fromkeys(name for profile in profiles.values() for name in stages_of(profile))
        others = [number for number, profile in world.network.profiles.items() if has_stage(profile, place)]
        raise ConfigurationError(
            f"No client comes by the stage {stage!r} on port {_listed(profiles)}, so that this fault could never fire; "
            f"stages there: {', '.join(valid)}."
            + (f" The stage {stage!r} is on port {_listed(others)}." if others else "")
        )
    check_conditions(place, terms.mail_from, terms.recipient)
    return world.lay_rule(FaultRule(place, action_of(place, action), **terms._asdict()), numbers, scope)


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))
