from django.db import migrations

# What somebody chose for a contact or a conversation holds for each mailbox that they connect later, from its first email
# on, however the mailbox came to be; never wider than the mailbox itself is shared (decision 0025). It runs as the
# owner of the tables, so that it sees what the mailbox's owner chose, whoever inserts it.
_CARRY_OVER = """
    CREATE FUNCTION letterbook_carry_choices_over() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    BEGIN
        INSERT INTO correspondence_sharingchoice (team_id, mailbox_id, contact_id, keys, thread_id, level, chosen_at)
        SELECT DISTINCT ON (coalesce(choice.thread_id::text, choice.contact_id::text, choice.keys::text))
            NEW.team_id, NEW.id, choice.contact_id, choice.keys, choice.thread_id,
            least(choice.level, NEW.sharing), choice.chosen_at
        FROM correspondence_sharingchoice choice
        JOIN mailboxes_mailbox box ON box.id = choice.mailbox_id
        WHERE box.owner_id = NEW.owner_id AND box.team_id = NEW.team_id AND choice.level < 3
        ORDER BY coalesce(choice.thread_id::text, choice.contact_id::text, choice.keys::text), choice.level,
            choice.chosen_at DESC;
        RETURN NULL;
    END $$;
    REVOKE EXECUTE ON FUNCTION letterbook_carry_choices_over() FROM PUBLIC;
    CREATE TRIGGER carry_choices_over AFTER INSERT ON mailboxes_mailbox
        FOR EACH ROW EXECUTE FUNCTION letterbook_carry_choices_over();
"""
_LEAVE_THEM = """
    DROP TRIGGER carry_choices_over ON mailboxes_mailbox;
    DROP FUNCTION letterbook_carry_choices_over();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0013_single_emails_kept_private"),
        ("mailboxes", "0010_what_is_left_to_ask_for"),
    ]

    operations = [migrations.RunSQL(_CARRY_OVER, _LEAVE_THEM)]
