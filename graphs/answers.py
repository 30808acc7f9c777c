"""What a person answers to a question, where some choices need a word on them and others don't."""

from typing import Any, ClassVar, Self

from pydantic import BaseModel, model_validator


class Answer(BaseModel):
    """An answer of which some choices need a text, as in `class Verdict(Answer, needs="reason", when=("reject",))`.

    Its JSON schema says so, by which a form refuses what lacks the text, and so does the model itself.
    """

    _choice: ClassVar[str] = ""
    _needs: ClassVar[str] = ""
    _when: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(
        cls, *, choice: str = "decision", needs: str = "", when: tuple[str, ...] = (), **options: Any
    ) -> None:
        """Take the field of the choice, that of the text, and the choices that need the text."""
        super().__init_subclass__(**options)
        if needs:
            cls._choice, cls._needs, cls._when = choice, needs, when
            cls.model_config["json_schema_extra"] = {
                "if": {"properties": {choice: {"enum": [*when]}}, "required": [choice]},
                "then": {"properties": {needs: {"pattern": r"\S"}}, "required": [needs]},
            }

    @model_validator(mode="after")
    def _has_its_text(self) -> Self:
        chosen = getattr(self, self._choice, None)
        if chosen in self._when and not getattr(self, self._needs).strip():
            raise ValueError(f"The choice {chosen!r} needs a {self._needs}. Write one, or choose something else.")
        return self
