"""The right answers, and how they are made wrong."""

import re
from dataclasses import dataclass


@dataclass
class Answer:
    """One question's right query, or (no query and) the plan of a question that takes several; `index` counts the questions
    from 0."""
    question: str
    sql: str
    index: int
    plan: dict | None = None


class Gold:
    """Right queries by question."""

    def __init__(self):
        self._answers = {}

    def add(self, rows):
        for row in rows:
            question = row['question'].strip()
            index = self._answers[question].index if question in self._answers else len(self._answers)
            self._answers[question] = Answer(question, row['sql'], index, row.get('plan'))

    def find(self, asked):
        """The answer to the longest question that the last message of a user holds; an earlier message where that one holds
        none, as when it only tells of an error."""
        for text in [text for role, text in reversed(asked.messages) if role == 'user']:
            found = [answer for answer in self._answers.values() if answer.question in text]
            if found:
                return max(found, key=lambda answer: len(answer.question))
        return None


def corrupted(sql, how):
    """A query that no database takes: an unknown column, an unknown table or broken syntax."""
    if how == 'column':
        return re.sub(r'\bSELECT( DISTINCT)?\b', r'SELECT\1 wrong_column,', sql, count=1, flags=re.I)
    if how == 'table':
        return re.sub(r'\bFROM (\w+)', r'FROM \1_archive', sql, count=1, flags=re.I)
    return re.sub(r'\bFROM\b', 'FORM', sql, count=1, flags=re.I)
