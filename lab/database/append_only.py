"""A table that only grows: triggers, made with it, have the database refuse every other change."""

from sqlalchemy import DDL, Table, event

_SQLITE = (
    "CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{refusal}'); END",
    "CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{refusal}'); END",
    # What replaces a row deletes it without the trigger above.
    "CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
    "WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) BEGIN SELECT RAISE(ABORT, '{refusal}'); END",
)
_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql "
    "AS $$ BEGIN RAISE EXCEPTION '{refusal}'; END $$",
    "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
)


def append_only(table: Table) -> None:
    """Make triggers with the table that refuse to change, replace or delete a row of it."""
    (key,) = table.primary_key.columns
    refusal = f"{table.name} takes new rows alone: none is changed or deleted."
    for dialect, statements in (("sqlite", _SQLITE), ("postgresql", _POSTGRESQL)):
        for statement in statements:
            said = statement.format(table=table.name, key=key.name, refusal=refusal)
            made = DDL(said)  # type: ignore[no-untyped-call]  # SQLAlchemy has no types for it
            event.listen(table, "after_create", made.execute_if(dialect=dialect))
