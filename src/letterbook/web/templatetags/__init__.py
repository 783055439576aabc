"""Template tags and filters: how times, counts, people and statuses are written on a page.

Pure presentation; imports nothing of Letterbook.
"""
