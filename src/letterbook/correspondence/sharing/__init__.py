"""Who may see more or less of a mailbox's mail than it says: choosing, asking, letting in, breaking the glass.

What was decided is settled into the copies of the emails (docs/decisions/0014). The rest of correspondence knows
nothing of this folder.
"""
