"""SQL of migrations 0024 and 0027: functions that make a copy of the record as it stood at an event, and drop it."""

UNRECORDED = (
    *(
        "alembic_version",
        "chain_head",
        "event",
        "heartbeat",
        "idempotency",
        "imported_file",
        "imported_row",
        "incompatible_duty",
    ),
    *("job_run", "past_record", "payment_move", "pot_move", "prepared_file", "prepared_part", "second_person_act"),
    *("sign_in_attempt", "sign_in_count", "uploaded_workbook", "workbook_import"),
)
"""Tables that events do not name: they are not copied (tests/service/test_past_record_tables.py)."""

AS_TODAY = ("imported_row", "incompatible_duty", "payment_move", "pot_move", "second_person_act", "workbook_import")
"""Tables that the migrations write, and those that say which import a record came from: a copy shows them as of today."""

POTS = ("outside", "available", "committed", "in_transit", "paid", "recovering", "written_off")

MOST = 8
"""Copies that exist at once; each is about as large as the record."""

STEP = 20_000
"""Events that one call reads."""

_OWNERS = "LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp"
_DEFINER = f"{_OWNERS} SECURITY DEFINER"
_TABLES = ", ".join(f"'{name}'" for name in UNRECORDED)

RENAMED = {"confirmation_hand": "confirmer"}
"""Tables by the names they have in the event log, where migration 0027 gave the schema another."""


def unfold(statement: str, relation: str) -> str:
    """Return the definition of `unfold_events`; `relation` is SQL for the table of an entry `of_table`.

    A row of `said` is what one event says of one row: the columns it names; nothing but NULL of a row it removes.
    """
    return f"""
{statement} FUNCTION unfold_events(scratch text, after bigint, until bigint) RETURNS void {_OWNERS} AS $$
BEGIN
    -- A transaction may commit an event after another has committed a higher number: so each is looked for by itself.
    EXECUTE format('WITH chosen AS (
            INSERT INTO %1$I.unfolded SELECT e.no FROM public.event AS e
            WHERE e.no > $1 AND e.no <= $2 AND NOT EXISTS (SELECT FROM %1$I.unfolded AS u WHERE u.no = e.no)
            RETURNING no)
        INSERT INTO %1$I.said SELECT {relation}, of_row.key, e.no, CASE jsonb_typeof(of_row.value)
            WHEN ''null'' THEN NULL WHEN ''object'' THEN of_row.value - ''fixed'' ELSE ''{{}}''::jsonb END
        FROM chosen JOIN public.event AS e USING (no), jsonb_each(e.body::jsonb -> ''rows'') AS of_table,
            jsonb_each(of_table.value) AS of_row
        WHERE strpos(of_table.key, ''.'') = 0', scratch) USING after, until;
END $$;
"""  # noqa: S608 - our own constants


_IN_SCHEMA = " ".join(f"WHEN ''{name}'' THEN ''{now}''" for name, now in RENAMED.items())
UNFOLD = unfold("CREATE", "of_table.key")
UNFOLD_RENAMED = unfold("CREATE OR REPLACE", f"CASE of_table.key {_IN_SCHEMA} ELSE of_table.key END")
UNFOLD_AS_NAMED = unfold("CREATE OR REPLACE", "of_table.key")

COLUMNS = f"""
CREATE FUNCTION past_columns(relation oid) RETURNS text {_OWNERS} STABLE AS $$
BEGIN
    -- Bytes that change are personal data, of which an event keeps the digest alone. `first_x` keeps the first value of x.
    -- Search keys (bytea[]) are in no event.
    RETURN (SELECT string_agg(CASE
        WHEN a.atttypid = 'bytea[]'::regtype THEN format('NULL::bytea[] AS %I', a.attname)
        WHEN a.atttypid = 'bytea'::regtype THEN format('CASE WHEN NOT s.named ? %1$L THEN t.%1$I
            WHEN s.named ->> %1$L = encode(sha256(t.%1$I), ''hex'') THEN t.%1$I END AS %1$I', a.attname)
        WHEN f.attname IS NOT NULL THEN format('CASE WHEN s.held ? %1$L THEN p.%1$I ELSE coalesce(t.%2$I, t.%1$I) END
            AS %1$I', a.attname, f.attname)
        WHEN x.attname IS NOT NULL THEN format('CASE WHEN s.held ? %1$L THEN t.%2$I END AS %2$I', x.attname, a.attname)
        ELSE format('p.%1$I AS %1$I', a.attname) END, ', ' ORDER BY a.attnum)
    FROM pg_attribute AS a
    LEFT JOIN pg_attribute AS f ON f.attrelid = a.attrelid AND f.attname = 'first_' || a.attname AND NOT f.attisdropped
    LEFT JOIN pg_attribute AS x ON x.attrelid = a.attrelid AND a.attname = 'first_' || x.attname AND NOT x.attisdropped
        AND x.attnum > 0
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped);
END $$;
"""  # noqa: S608 - our own constants

COPY_TABLE = f"""
CREATE FUNCTION copy_past_table(scratch text, number bigint, relation oid) RETURNS void {_OWNERS} AS $$
DECLARE
    name text := (SELECT relname FROM pg_class WHERE oid = relation);
    keys text := (SELECT string_agg(format('t.%I::text', a.attname), ' || ''/'' || ' ORDER BY k.place) FROM pg_index AS x
        CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
        WHERE x.indrelid = relation AND x.indisprimary);
    definition text;
BEGIN
    -- `held`: columns as the last event up to the number names them. A column that later events alone name was empty.
    EXECUTE format('CREATE TABLE %1$I.%2$I AS WITH said AS (SELECT * FROM %1$I.said WHERE relation = %2$L),
        known AS (SELECT key FROM said WHERE no <= %3$s GROUP BY key
            HAVING (array_agg(entry IS NOT NULL ORDER BY no DESC))[1]),
        columns AS (SELECT s.key, c.key AS name, s.no, c.value FROM said AS s, jsonb_each(s.entry) AS c),
        named AS (SELECT key, coalesce(jsonb_object_agg(name, value ORDER BY no) FILTER (WHERE no <= %3$s), ''{{}}'') AS held,
            coalesce(jsonb_object_agg(name, NULL) FILTER (WHERE no > %3$s), ''{{}}'') AS later FROM columns GROUP BY key),
        stood AS (SELECT k.key, coalesce(n.held, ''{{}}'') AS held, coalesce(n.later || n.held, ''{{}}'') AS named
            FROM known AS k LEFT JOIN named AS n USING (key))
        SELECT %4$s FROM public.%2$I AS t JOIN stood AS s ON s.key = %5$s
            CROSS JOIN LATERAL jsonb_populate_record(t, s.named) AS p', scratch, name, number, public.past_columns(relation),
        keys);
    IF name = 'calendar_day' THEN
        -- Days are removed and loaded again; an event says everything about one.
        EXECUTE format('INSERT INTO %1$I.calendar_day SELECT p.* FROM (SELECT key,
                (array_agg(entry ORDER BY no DESC))[1] AS entry FROM %1$I.said WHERE relation = %2$L AND no <= %3$s
                GROUP BY key) AS s,
            jsonb_populate_record(NULL::public.calendar_day, s.entry || jsonb_build_object(''on'', s.key)) AS p
            WHERE s.entry IS NOT NULL AND NOT EXISTS (SELECT FROM %1$I.calendar_day AS c WHERE c.on = p.on)',
            scratch, name, number);
    END IF;
    FOR definition IN SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = relation LOOP
        -- What a past day does not keep is NULL, so no index of a copy is unique.
        EXECUTE replace(replace(definition, 'CREATE UNIQUE INDEX', 'CREATE INDEX'),
            format(' ON public.%I USING ', name), format(' ON %I.%I USING ', scratch, name));
    END LOOP;
END $$;
"""  # noqa: S608 - our own constants

_SUMS = ", ".join(f"sum(CASE pot WHEN '{pot}' THEN fen ELSE 0 END) AS {pot}" for pot in POTS)
_SETS = ", ".join(f"{pot}_fen = coalesce(m.{pot}, 0)" for pot in POTS)

RECOUNT = f"""
CREATE FUNCTION recount_past_record(scratch text, number bigint) RETURNS void {_OWNERS} AS $$
BEGIN
    PERFORM set_config('search_path', format('pg_catalog, %I, pg_temp', scratch), true);
    UPDATE payment SET recalled_fen = coalesce(r.fen, 0) FROM payment AS p
    LEFT JOIN (SELECT case_id, sum(fen) AS fen FROM ledger_entry WHERE target_pot = 'recovering' GROUP BY case_id) AS r
        ON r.case_id = p.case_id AND p.state NOT IN ('failed', 'returned')
    WHERE p.id = payment.id AND p.recalled_fen <> coalesce(r.fen, 0);
    UPDATE fund SET {_SETS}, counted_in_transit_fen = coalesce(c.in_transit, 0), counted_paid_fen = coalesce(c.paid, 0)
    FROM fund AS f LEFT JOIN (SELECT fund_id, {_SUMS} FROM (SELECT fund_id, target_pot AS pot, fen FROM ledger_entry
        UNION ALL SELECT fund_id, source_pot, -fen FROM ledger_entry) AS e GROUP BY fund_id) AS m ON m.fund_id = f.id
    LEFT JOIN (SELECT fund_id, sum(in_transit) AS in_transit, sum(paid) AS paid FROM (
        SELECT fund_id, CASE WHEN state IN ('sent', 'returning') THEN fen ELSE 0 END AS in_transit,
            CASE state WHEN 'live' THEN fen - recalled_fen ELSE 0 END AS paid FROM payment
        UNION ALL SELECT fund_id, 0, fen FROM gift WHERE fund_id IS NOT NULL AND voided_on IS NULL) AS e
        GROUP BY fund_id) AS c ON c.fund_id = f.id
    WHERE f.id = fund.id;
    UPDATE "case" SET version = e.seq, head_hash = e.hash, recovering_fen = coalesce(r.recovering, 0),
        written_off_fen = coalesce(r.written_off, 0)
    FROM (SELECT DISTINCT ON (subject_id) subject_id, seq, hash FROM public.event
        WHERE subject = 'case' AND no <= number ORDER BY subject_id, seq DESC) AS e
    LEFT JOIN (SELECT case_id, sum(CASE target_pot WHEN 'recovering' THEN fen ELSE -fen END) AS recovering,
            sum(CASE target_pot WHEN 'written_off' THEN fen ELSE 0 END) AS written_off
        FROM ledger_entry WHERE 'recovering' IN (source_pot, target_pot) GROUP BY case_id) AS r
        ON r.case_id = e.subject_id WHERE e.subject_id = "case".id;
    UPDATE household SET aid_version = coalesce(g.given, 0) FROM household AS h
    LEFT JOIN (SELECT household_id, count(*) AS given FROM (
        SELECT c.household_id, e.subject_id, e.seq FROM ledger_entry AS e JOIN "case" AS c ON c.id = e.case_id
        UNION SELECT household_id, id, 0 FROM gift) AS each GROUP BY household_id) AS g ON g.household_id = h.id
    WHERE h.id = household.id AND h.aid_version <> coalesce(g.given, 0);
END $$;
"""  # noqa: S608 - our own constants

FILL = f"""
CREATE FUNCTION fill_past_record(scratch text, number bigint) RETURNS void {_OWNERS} AS $$
DECLARE
    relation record;
BEGIN
    EXECUTE format('CREATE INDEX ON %I.said (relation)', scratch);
    EXECUTE format('ANALYZE %I.said', scratch);
    FOR relation IN SELECT oid, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'p') AND relname <> ALL (ARRAY[{_TABLES}]) LOOP
        PERFORM public.copy_past_table(scratch, number, relation.oid);
    END LOOP;
    PERFORM public.recount_past_record(scratch, number);
    EXECUTE format('CREATE VIEW %I.event AS SELECT * FROM public.event WHERE no <= %s', scratch, number);
    EXECUTE format('DROP TABLE %1$I.said, %1$I.unfolded', scratch);
    FOR relation IN SELECT unnest(ARRAY[{", ".join(f"'{name}'" for name in AS_TODAY)}]) AS relname LOOP
        EXECUTE format('CREATE VIEW %1$I.%2$I AS SELECT * FROM public.%2$I', scratch, relation.relname);
    END LOOP;
    FOR relation IN SELECT relname FROM pg_class WHERE relnamespace = scratch::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ANALYZE %I.%I', scratch, relation.relname);
    END LOOP;
    -- Those who may ask for the copy may read it.
    FOR relation IN SELECT DISTINCT pg_get_userbyid(r.grantee) AS relname FROM pg_proc AS p, aclexplode(p.proacl) AS r
        WHERE p.oid = 'public.copy_past_record(bigint)'::regprocedure AND r.grantee NOT IN (0, p.proowner) LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', scratch, relation.relname);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', scratch, relation.relname);
    END LOOP;
END $$;
"""  # noqa: S608 - our own constants

COPY = f"""
CREATE FUNCTION copy_past_record(number bigint) RETURNS text {_DEFINER} SET client_min_messages = warning AS $$
DECLARE
    scratch text := 'asof_' || number;
    newest bigint := (SELECT max(no) FROM public.event);
    present text := (SELECT version_num FROM public.alembic_version);
    asked public.past_record;
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') THEN
        RAISE EXCEPTION 'a copy is made of one moment: REPEATABLE READ';
    ELSIF number IS NULL OR number < 1 OR number > coalesce(newest, 0) THEN
        RETURN 'unknown';
    ELSIF NOT pg_try_advisory_xact_lock(hashtextextended('past_record', 0)) THEN
        RETURN 'busy';
    END IF;
    SELECT * INTO asked FROM public.past_record WHERE up_to = number;
    IF NOT FOUND THEN
        IF to_regnamespace(scratch) IS NOT NULL THEN
            RETURN 'busy';
        ELSIF (SELECT count(*) FROM public.past_record) >= {MOST} THEN
            RETURN 'full';
        END IF;
        EXECUTE format('CREATE SCHEMA %I', scratch);
        EXECUTE format('CREATE TABLE %I.said (relation text, key text, no bigint, entry jsonb)', scratch);
        EXECUTE format('CREATE TABLE %I.unfolded (no bigint PRIMARY KEY)', scratch);
        INSERT INTO public.past_record (up_to, revision, asked_at, events_done, events_in_all)
            VALUES (number, present, clock_timestamp(), 0, newest);
        RETURN 'waiting';
    ELSIF asked.revision <> present OR to_regnamespace(scratch) IS NULL THEN
        RETURN 'old';
    ELSIF asked.made_at IS NOT NULL THEN
        RETURN 'made';
    ELSIF asked.events_done + {STEP} < newest THEN
        PERFORM public.unfold_events(scratch, asked.events_done, asked.events_done + {STEP});
        UPDATE public.past_record SET events_done = events_done + {STEP}, events_in_all = newest WHERE up_to = number;
        RETURN 'waiting';
    END IF;
    PERFORM public.unfold_events(scratch, 0, newest);
    PERFORM public.fill_past_record(scratch, number);
    UPDATE public.past_record SET events_done = newest, events_in_all = newest, made_at = clock_timestamp()
        WHERE up_to = number;
    RETURN 'made';
END $$;
"""  # noqa: S608 - our own constants
"""One step of a copy a call, each committed: the number of the events that are read shows how far it is."""

DROP = f"""
CREATE FUNCTION drop_past_records() RETURNS integer {_DEFINER}
    SET client_min_messages = warning SET lock_timeout = '2s' AS $$
DECLARE
    number bigint;
    dropped integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('past_record', 0)) THEN
        RETURN 0;
    END IF;
    FOR number IN SELECT up_to FROM public.past_record WHERE asked_at < clock_timestamp() - interval '24 hours'
        OR revision <> (SELECT version_num FROM public.alembic_version) OR to_regnamespace('asof_' || up_to) IS NULL LOOP
        BEGIN
            EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', 'asof_' || number);
            DELETE FROM public.past_record WHERE up_to = number;
            dropped := dropped + 1;
        EXCEPTION WHEN lock_not_available THEN NULL;  -- somebody reads it: the next run drops it
        END;
    END LOOP;
    RETURN dropped;
END $$;
"""  # noqa: S608 - our own constants

HELPERS = (
    *("unfold_events(text, bigint, bigint)", "past_columns(oid)", "copy_past_table(text, bigint, oid)"),
    *("recount_past_record(text, bigint)", "fill_past_record(text, bigint)"),
)
"""Functions that only the two for the application call."""

FOR_APPLICATION = ("copy_past_record(bigint)", "drop_past_records()")
FUNCTIONS = (*HELPERS, *FOR_APPLICATION)
CREATE = (UNFOLD, COLUMNS, COPY_TABLE, RECOUNT, FILL, COPY, DROP)
