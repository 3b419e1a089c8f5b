"""How settings are read from flags and from the environment."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from clockwire.logs import FORMATS, LEVELS
from clockwire.settings import OPTIONS, Address, Network, Option, Secret, Settings, network_of, origin_of

Command = TypeVar("Command", bound=Callable[..., Any])

#: Variables of the environment that commands read besides the settings.
OTHER_VARIABLES = frozenset(
    {
        "CLOCKWIRE_SERVER",
        "CLOCKWIRE_API_KEY",
        "CLOCKWIRE_WORKSPACE",
        "CLOCKWIRE_CA",
        "CLOCKWIRE_USER",
        "CLOCKWIRE_SIGNING_SECRET",
    }
)


class _Cidr(click.ParamType[Network]):
    name = "cidr"
    envvar_list_splitter = ","

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Network:  # noqa: ANN401
        try:
            return network_of(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error).removeprefix("--allow-target: "), param, ctx)


class _HostPort(click.ParamType[Address]):
    name = "host:port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:  # noqa: ANN401
        try:
            return Address.of(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error).removeprefix("--listen: "), param, ctx)


class _Origin(click.ParamType[str]):
    name = "origin"
    envvar_list_splitter = ","

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        try:
            return origin_of(value)
        except ValueError as error:
            self.fail(str(error).removeprefix("--allow-origin: "), param, ctx)


_TYPES: dict[str, Any] = {
    "allow_origin": _Origin(),
    **dict.fromkeys(("listen", "http"), _HostPort()),
    "allow_target": _Cidr(),
    "max_streams_per_key": click.IntRange(min=1),
    "drain_timeout": click.FloatRange(min=0),
    "log_level": click.Choice(list(LEVELS)),
    "log_format": click.Choice(FORMATS),
    **dict.fromkeys(("tls_cert", "tls_key", "tls_client_ca"), click.Path(exists=True, dir_okay=False, path_type=Path)),
    "secret_key_file": click.Path(dir_okay=False, path_type=Path),
}


def flags(*names: str) -> Callable[[Command], Command]:
    """Gives a command the flags of these settings; it gets their values under the same names."""

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            if OPTIONS[name].flag:
                command = _flag(OPTIONS[name])(command)
        return command

    return decorate


def settings_of(**given: Any) -> Settings:  # noqa: ANN401 - each value has the type of its setting
    """The settings, from the flags that were given and the environment. Raises SettingError."""
    values = {name: value for name, value in given.items() if value is not None}
    if "drain_timeout" in values:
        values["drain_timeout"] = timedelta(seconds=values["drain_timeout"])
    return Settings(secret_key=Secret(os.environ.get(OPTIONS["secret_key"].variable, "")), **values)


def unknown_variables() -> list[str]:
    """Variables that look like settings and are none: somebody mistyped one."""
    known = {option.variable for option in OPTIONS.values()} | OTHER_VARIABLES
    return sorted(name for name in os.environ if name.startswith("CLOCKWIRE_") and name not in known)


def _flag(option: Option) -> Callable[[Command], Command]:
    default = option.default
    told = f"  [{option.variable}" + (f"; default: {default}]" if default and option.value else "]")
    return click.option(
        option.flag,
        option.name,
        type=_TYPES.get(option.name, str) if option.value else None,
        is_flag=not option.value,
        default=None,
        multiple=option.repeated,
        envvar=option.variable,
        metavar=option.value or None,
        help=option.meaning + told,
    )
