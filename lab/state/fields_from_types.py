"""Fields from Python types: of a state, of an input, and of the classes that their values belong to."""

import collections.abc
import dataclasses
import functools
import types
import typing
from contextlib import suppress
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import typing_extensions
from langchain_core.messages import AnyMessage, BaseMessage, convert_to_messages
from pydantic import BaseModel, BeforeValidator, ConfigDict, RootModel, TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic.fields import FieldInfo

from lab.state.fields import ONE_CELL, SCALARS, Field, named_choices
from lab.state.schema import Reducer, reducer_of, state_channels


def _from_roles(value: Any) -> Any:
    """Make messages of dicts with a role, as the library does; what it refuses stays for the check to complain of."""
    if not isinstance(value, list):
        return value
    return [_from_role(one) if isinstance(one, dict) and "role" in one and "type" not in one else one for one in value]


def _from_role(given: dict[str, Any]) -> Any:
    # A role that there isn't is a ValueError, a part that is missing an error of the library's own, which is one too.
    with suppress(ValueError, TypeError, AttributeError):
        return convert_to_messages([given])[0]
    return given


MESSAGES: TypeAdapter[Any] = TypeAdapter(Annotated[list[AnyMessage], BeforeValidator(_from_roles)])

_QUALIFIERS = {
    getattr(module, name)
    for module in (typing, typing_extensions)
    for name in ("Required", "NotRequired", "ReadOnly", "Final")
    if hasattr(module, name)
}
_LISTS = (list, collections.abc.Sequence, collections.abc.MutableSequence)
_DICTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


@functools.lru_cache(maxsize=256)
def state_fields(schema: type) -> tuple[Field, ...]:
    """Describe the fields of a state, as the library would keep them."""
    channels = state_channels(schema)
    fields = (field for field in fields_of_class(schema) if field.name in channels)
    return tuple(_merged(field, reducer_of(channels[field.name])) for field in fields)


def _merged(field: Field, reducer: Reducer) -> Field:
    if reducer == "messages" and field.kind != "messages":
        return dataclasses.replace(field, reducer=reducer, kind="messages", adapter=MESSAGES)
    return dataclasses.replace(field, reducer=reducer)


def fields_of_class(schema: type, seen: tuple[type, ...] = ()) -> tuple[Field, ...]:
    """Return the fields of a TypedDict, a dataclass or a Pydantic model, inherited ones included."""
    if issubclass(schema, BaseModel):
        named = {
            name: (Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation, info)
            for name, info in schema.model_fields.items()
        }
        return tuple(
            field_of_type(name, annotation, info, required=info.is_required(), seen=(*seen, schema))
            for name, (annotation, info) in named.items()
        )
    hints = get_type_hints(schema, include_extras=True)
    needed = _needed(schema)
    return tuple(
        field_of_type(name, annotation, required=name in needed, seen=(*seen, schema))
        for name, annotation in hints.items()
    )


def _needed(schema: type) -> frozenset[str]:
    if dataclasses.is_dataclass(schema):
        none = dataclasses.MISSING
        return frozenset(
            part.name
            for part in dataclasses.fields(schema)
            if part.default is none and part.default_factory is none and part.init
        )
    required: frozenset[str] = getattr(schema, "__required_keys__", frozenset())
    return required


def field_of_type(
    name: str, annotation: Any, info: FieldInfo | None = None, *, required: bool = True, seen: tuple[type, ...] = ()
) -> Field:
    """Describe a value of this type; classes in `seen` hold it, and a type that holds itself is asked for as JSON."""
    bare, metadata = _bare(_known(annotation))
    inner, more, optional = _present(bare)
    infos = [*((info,) if info else ()), *(item for item in (*metadata, *more) if isinstance(item, FieldInfo))]
    multiline = any(isinstance(one.json_schema_extra, dict) and one.json_schema_extra.get("multiline") for one in infos)
    made = Field(
        name,
        title=next((one.title for one in infos if one.title), name.replace("_", " ").capitalize()),
        help=next((one.description for one in infos if one.description), ""),
        adapter=_checker(Annotated[bare, *metadata] if metadata else bare),
        optional=optional,
        required=required,
        minimum=_limit((*metadata, *more), "ge", "gt"),
        maximum=_limit((*metadata, *more), "le", "lt"),
        min_length=_limit((*metadata, *more), "min_length"),
        max_length=_limit((*metadata, *more), "max_length"),
    )
    shaped = _shaped(made, inner, seen)
    if shaped.kind == "json" and not _from_json(shaped.adapter):
        shaped = dataclasses.replace(shaped, adapter=None)
    return dataclasses.replace(shaped, kind="area") if multiline and shaped.kind == "text" else shaped


def _known(annotation: Any, seen: tuple[Any, ...] = ()) -> Any:
    """Put the TypedDict that Pydantic knows in place of the standard library's, which it refuses below Python 3.12."""
    if annotation in seen:
        return annotation
    if isinstance(annotation, type) and typing.is_typeddict(annotation):
        hints = get_type_hints(annotation, include_extras=True)
        needed: frozenset[str] = getattr(annotation, "__required_keys__", frozenset())
        parts = {name: _known(hint, (*seen, annotation)) for name, hint in hints.items()}
        marked = {name: hint if name in needed else typing_extensions.NotRequired[hint] for name, hint in parts.items()}
        return typing_extensions.TypedDict(annotation.__name__, marked)  # type: ignore[operator]  # made of a type
    if get_origin(annotation) is Annotated:
        return Annotated[_known(annotation.__origin__, seen), *annotation.__metadata__]
    arguments = get_args(annotation)
    known = tuple(_known(one, seen) for one in arguments)
    if known == arguments or get_origin(annotation) is Literal:
        return annotation
    if get_origin(annotation) in (Union, types.UnionType):
        return Union[known]  # noqa: UP007 - made of what is inside
    return get_origin(annotation)[known]


def _bare(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Take what is said about a type off it: qualifiers, metadata and name given to it."""
    metadata: tuple[Any, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            metadata = (*annotation.__metadata__, *metadata)
            annotation = annotation.__origin__
        elif get_origin(annotation) in _QUALIFIERS:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, typing_extensions.TypeAliasType):
            annotation = annotation.__value__
        else:
            return annotation, metadata


def _present(bare: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """Take None out of a type and tell whether it was in it."""
    if get_origin(bare) not in (Union, types.UnionType):
        return bare, (), False
    rest = [option for option in get_args(bare) if option is not types.NoneType]
    if len(rest) == len(get_args(bare)):
        return bare, (), False
    inner, metadata = _bare(Union[tuple(rest)])  # noqa: UP007 - made of what is left
    return inner, metadata, True


def _limit(metadata: tuple[Any, ...], *names: str) -> Any:
    for item in metadata:
        for one in item.metadata if isinstance(item, FieldInfo) else (item,):
            for name in names:
                if isinstance(limit := getattr(one, name, None), (int, float)):
                    return limit
    return None


def _checker(annotation: Any) -> TypeAdapter[Any] | None:
    try:
        return TypeAdapter(annotation)
    except PydanticSchemaGenerationError:
        pass
    except PydanticUserError:
        return None
    try:
        return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:
        return None


def _from_json(adapter: TypeAdapter[Any] | None) -> bool:
    """Return whether a type has values in JSON; one that Pydantic only knows by its class has none."""
    if adapter is None:
        return False
    try:
        adapter.json_schema()
    except PydanticUserError:
        return False
    return True


def _shaped(made: Field, bare: Any, seen: tuple[type, ...]) -> Field:
    origin, arguments = get_origin(bare) or bare, get_args(bare)
    if origin is Literal:
        options = [option for option in arguments if option is not None]
        # None in a Literal is a choice too, and in a form it's the empty one.
        optional = made.optional or len(options) < len(arguments)
        return dataclasses.replace(made, kind="choice", choices=named_choices(options), optional=optional)
    if not isinstance(origin, type):
        return made
    if issubclass(origin, Enum):
        return dataclasses.replace(made, kind="choice", choices=tuple((one.name, one) for one in origin))
    if origin in SCALARS:
        return dataclasses.replace(made, kind=SCALARS[origin])
    if origin in _LISTS:
        return _listed(made, arguments[0] if arguments else Any, seen)
    if origin in _DICTS:
        value = field_of_type("value", arguments[1], seen=seen) if len(arguments) == 2 and arguments[0] is str else None
        return dataclasses.replace(made, kind="mapping", item=value) if value and value.kind in ONE_CELL else made
    return (
        dataclasses.replace(made, kind="group", parts=fields_of_class(origin, seen)) if _grouped(origin, seen) else made
    )


def _grouped(origin: type, seen: tuple[type, ...]) -> bool:
    if origin in seen or issubclass(origin, (BaseMessage, RootModel)):
        return False
    return typing_extensions.is_typeddict(origin) or issubclass(origin, BaseModel) or dataclasses.is_dataclass(origin)


def _listed(made: Field, annotation: Any, seen: tuple[type, ...]) -> Field:
    bare = _bare(annotation)[0]
    if _is_message(bare):
        # From JSON the base class would be made as it is, without a role.
        mapped = _checker(Annotated[list[annotation], BeforeValidator(_from_roles)])
        return dataclasses.replace(made, kind="messages", adapter=MESSAGES if bare is BaseMessage else mapped)
    item = field_of_type("value", annotation, seen=seen)
    if item.kind in ONE_CELL:
        return dataclasses.replace(made, kind="list", item=item)
    if item.kind == "group" and not item.optional:
        # What doesn't fit in a cell stands there as JSON.
        cells = [part if part.kind in ONE_CELL else dataclasses.replace(part, kind="json") for part in item.parts]
        return dataclasses.replace(made, kind="table", item=dataclasses.replace(item, parts=tuple(cells)))
    if item.kind == "mapping" and not item.optional:
        return dataclasses.replace(made, kind="table", item=dataclasses.replace(item, kind="record"))
    if (get_origin(bare) or bare) in _DICTS and (get_args(bare) or (str,))[0] is str:
        cell = dataclasses.replace(field_of_type("value", Any), kind="any", optional=True)
        return dataclasses.replace(made, kind="table", item=dataclasses.replace(item, kind="record", item=cell))
    return made


def _is_message(bare: Any) -> bool:
    if get_origin(bare) in (Union, types.UnionType):
        return all(_is_message(_bare(option)[0]) for option in get_args(bare))
    return isinstance(bare, type) and issubclass(bare, BaseMessage)
