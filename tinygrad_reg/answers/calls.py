"""Calls whose arguments do not fit are answered with those that the function or the class takes.

Python says "got an unexpected keyword argument 'units'"; Dense(units=3) is told that it is called out_features here.
"""

from __future__ import annotations

import copyreg
import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, Self, TypeVar, cast

from .misfits import Misfit

F = TypeVar("F", bound=Callable[..., Any])


class Called:
    """The base of what users make with arguments: where these do not fit, the message says which it takes.

    >>> class Pool(Called):
    ...     def __init__(self, size, stride=None): ...
    >>> Pool(pool_size=2)
    Traceback (most recent call last):
    TypeError: Pool takes no pool_size=, here it is called size: Pool(size, stride=None)
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if sys.version_info < (3, 11, 5):  # help() shows the arguments of __new__ there, where __init__ is inherited
            _, *taken = inspect.signature(cls.__init__).parameters.values()
            cls.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
        if _leaves_out_inits(cls):
            cls.__getattr__ = _never_made  # type: ignore[attr-defined]  # asked only for what is not there

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """Compare what is given with what __init__ takes, before Python does so in fewer words."""
        if args or options or cls.__new__ is Called.__new__:  # a __new__ of one's own may give no arguments on
            signature = inspect.signature(cls.__init__)
            try:
                signature.bind(None, *args, **options)
            except TypeError as error:
                taken = list(signature.parameters.values())[1:]
                raise TypeError(str(Misfit(cls.__name__, taken, args, options, error))) from None
        return super().__new__(cls)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """As objects are copied and pickled, but made without a look at arguments: there are none then."""
        made = super().__reduce_ex__(protocol)
        by_new = isinstance(made, tuple) and made[0] is copyreg.__newobj__ and made[1] == (type(self),)  # type: ignore[attr-defined]
        return (_bare, *made[1:]) if by_new else made


def _bare(cls: type) -> Any:
    """An object of this class whose attributes are set next."""
    return object.__new__(cls)


def _leaves_out_inits(cls: type) -> bool:
    """Whether a class has an __init__ of its own that calls no other, where one that it inherits makes attributes."""
    inherited = getattr(_inherited_init(cls), "__code__", None)
    own = getattr(vars(cls).get("__init__"), "__code__", None)
    calls_none = own is not None and "__init__" not in own.co_names
    return calls_none and bool(inherited and inherited.co_names) and not hasattr(cls, "__getattr__")


def _never_made(thing: Any, name: str) -> Any:
    """The __getattr__ of such a class, whose objects lack what the inherited __init__ would have made."""
    cls = next(cls for cls in type(thing).__mro__ if vars(cls).get("__getattr__") is _never_made)
    inits = [getattr(vars(base).get("__init__"), "__code__", None) for base in cls.__mro__[1:]]
    if any(name in init.co_names for init in inits if init is not None):
        raise AttributeError(
            f"{cls.__name__} has no '{name}', which the __init__ that it inherits makes: begin its own with "
            f"super().__init__({_due(_inherited_init(cls))})",
            name=name,
            obj=thing,
        )
    return object.__getattribute__(thing, name)  # raises what it raised before


def _inherited_init(cls: type) -> Any:
    return next(vars(base)["__init__"] for base in cls.__mro__[1:] if "__init__" in vars(base))


def _due(init: Callable[..., Any]) -> str:
    """The arguments that have to be given."""
    _, *taken = inspect.signature(init).parameters.values()
    due = [p.name for p in taken if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    return ", ".join(due + ["…"] * (not due and bool(taken)))


def answered(function: F) -> F:
    """Make a function answer a call whose arguments do not fit as the classes above do.

    >>> @answered
    ... def fit(model, *, optimizer, epochs=1): ...
    >>> fit("model", "sgd")
    Traceback (most recent call last):
    TypeError: fit takes model alone by place, the others by name: fit(model, optimizer=…, …)
    """

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except TypeError:  # looked into only then: this costs nothing where all is well
            signature = inspect.signature(function)
            try:
                signature.bind(*args, **options)
            except TypeError as error:
                taken = list(signature.parameters.values())
                misfit = str(Misfit(function.__name__, taken, args, options, error))
            else:
                raise  # from inside: the call itself was right
        raise TypeError(misfit) from None

    return cast(F, call)


def takes(function: Callable[..., Any], what: str, *names: str) -> None:
    """Refuse a user's function that can't be called with arguments such as (epoch, logs), before it is.

    >>> takes(lambda epoch: None, "a callback", "epoch", "logs")
    Traceback (most recent call last):
    TypeError: a callback is called with (epoch, logs), and <lambda> takes (epoch): write def callback(epoch, logs)
    """
    if not fits(function, *names):
        name, given = getattr(function, "__name__", type(function).__name__), f"({', '.join(names)})"
        write = name if name.isidentifier() else what.rpartition(" ")[2]
        raise TypeError(
            f"{what} is called with {given}, and {name} takes {inspect.signature(function)}: write def {write}{given}"
        )


def fits(function: Callable[..., Any], *args: Any, **options: Any) -> bool:
    """Whether a function can be called like this, as far as it tells."""
    try:
        inspect.signature(function).bind(*args, **options)
    except ValueError:  # something compiled, which does not tell
        return True
    except TypeError:
        return False
    return True
