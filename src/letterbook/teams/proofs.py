"""What must hold of teams: nobody changed the audit log."""

from __future__ import annotations

from letterbook.teams.models import Team
from letterbook.teams.proving import Proof, asks

_AUDIT = """
    WITH entry AS (
        SELECT row, row.team_id, row.number, row.hash, row.what,
            row_number() OVER log AS place, lag(row.hash, 1, ''::bytea) OVER log AS hash_before,
            count(*) OVER (PARTITION BY row.team_id) AS entries
        FROM teams_auditentry row
        WHERE row.team_id > %(after)s AND row.team_id <= %(until)s
        WINDOW log AS (PARTITION BY row.team_id ORDER BY row.number, row.id)
    ), flaw AS (
        SELECT team_id, 'its audit log was changed at entry ' || number || ' (' || what || ')' AS what
        FROM entry WHERE (row).erased_at IS NULL AND hash <> teams_audit_hash(hash_before, row)
        UNION ALL
        SELECT team_id, 'entry ' || number || ' (' || what || ') of its audit log is called erased and says something'
        FROM entry WHERE (row).erased_at IS NOT NULL AND (row).details <> '{}'::jsonb
        UNION ALL
        SELECT team_id, 'entry ' || min(place) || ' of its audit log is missing or was put in'
        FROM entry WHERE number <> place GROUP BY team_id
        UNION ALL
        SELECT team.id, 'its audit log should end with entry ' || team.audit_length || ' and does not'
        FROM teams_team team LEFT JOIN entry ON entry.team_id = team.id AND place = entries
        WHERE team.id > %(after)s AND team.id <= %(until)s
            AND (team.audit_length, team.audit_hash) IS DISTINCT FROM (coalesce(number, 0), coalesce(hash, ''))
    )
    SELECT flaw.team_id, flaw.team_id, coalesce(team.name, ''), flaw.what
    FROM flaw LEFT JOIN teams_team team ON team.id = flaw.team_id ORDER BY flaw.team_id, flaw.what
"""

PROOFS = (
    Proof(
        name="audit log",
        claim="Each team's audit log is as it was written, and none of it is missing.",
        walks=Team,
        find=asks(_AUDIT),
        way_out="Somebody changed the database by hand. Compare with a backup, and see who could write to it.",
    ),
)
