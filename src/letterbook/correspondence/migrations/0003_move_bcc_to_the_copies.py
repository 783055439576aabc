from django.db import migrations

# Who sent it has the copy that tells; where nobody of the team did, every copy may be the one.
MOVE = """
    WITH told AS (
        SELECT m.id, m.sent_by_id,
            jsonb_agg(jsonb_build_object(
                'name', person->'name', 'address', person->'address', 'key', lower(person->>'address'))) AS bcc
        FROM correspondence_message m, jsonb_array_elements(m.participants) person
        WHERE m.participants @> '[{"role": "bcc"}]' AND person->>'role' = 'bcc'
        GROUP BY m.id
    ), held AS (
        SELECT copy.id, told.bcc, mailbox.owner_id = told.sent_by_id AS is_senders,
            bool_or(mailbox.owner_id = told.sent_by_id) OVER (PARTITION BY told.id) AS has_senders
        FROM told
        JOIN correspondence_mailboxmessage copy ON copy.message_id = told.id
        JOIN mailboxes_mailbox mailbox ON mailbox.id = copy.mailbox_id
    )
    UPDATE correspondence_mailboxmessage copy SET bcc = held.bcc
    FROM held WHERE held.id = copy.id AND (held.is_senders OR held.has_senders IS NOT TRUE);

    UPDATE correspondence_message SET
        bcc_keys = ARRAY(
            SELECT key FROM unnest(address_keys) key
            WHERE key NOT IN (
                SELECT lower(person->>'address') FROM jsonb_array_elements(participants) person
                WHERE person->>'role' <> 'bcc')),
        participants = jsonb_path_query_array(participants, '$[*] ? (@.role != "bcc")')
    WHERE participants @> '[{"role": "bcc"}]';

    UPDATE correspondence_messagesource source SET mailbox_id = (
        SELECT copy.mailbox_id FROM correspondence_mailboxmessage copy
        WHERE copy.message_id = source.message_id
        ORDER BY copy.bcc IS NULL, copy.decided_at, copy.id LIMIT 1)
"""


class Migration(migrations.Migration):
    dependencies = [("correspondence", "0002_bcc_in_the_copy_that_tells_it")]

    operations = [migrations.RunSQL(MOVE, migrations.RunSQL.noop)]
