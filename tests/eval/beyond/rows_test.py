#!/usr/bin/env python3
"""What counts as the same rows."""

import unittest

from rows import same


class Same(unittest.TestCase):
    def test_values_count_not_how_they_are_written(self):
        self.assertTrue(same([[12, 'a', True]], [['12', 'a', 1]]))
        self.assertTrue(same([[0.1 + 0.2]], [['0.3']]))
        self.assertTrue(same([['2024-03-01 10:00:00']], [['2024-03-01T11:00:00.000+01:00']]))
        self.assertTrue(same([['2024-03-01']], [[1709251200]]))
        self.assertTrue(same([['2024-03']], [['2024-03-01T00:00:00Z']]))
        self.assertFalse(same([[12]], [[12.001]]))
        self.assertFalse(same([['a']], [['A']]))
        self.assertFalse(same([[None]], [['']]))
        self.assertFalse(same([['2024-13-45']], [['2024-13-46']]))

    def test_columns_may_stand_in_another_order_but_rows_stay_whole(self):
        self.assertTrue(same([['x', 1], ['y', 2]], [[2, 'y'], [1, 'x']]))
        self.assertFalse(same([['x', 1], ['y', 2]], [[1, 'y'], [2, 'x']]))
        self.assertTrue(same([[1, 2], [2, 1], [3, 3]], [[2, 1], [1, 2], [3, 3]]))

    def test_order_counts_where_it_is_asked_for(self):
        self.assertTrue(same([[1], [2]], [[2], [1]]))
        self.assertFalse(same([[1], [2]], [[2], [1]], ordered=True))

    def test_every_row_counts(self):
        self.assertFalse(same([[1], [1], [2]], [[1], [2], [2]]))
        self.assertFalse(same([[1]], [[1], [1]]))
        self.assertFalse(same([], [[1]]))
        self.assertTrue(same([], []))

    def test_further_columns_only_where_they_may_stand(self):
        self.assertFalse(same([[1]], [[1, 'more']]))
        self.assertTrue(same([[1]], [[1, 'more']], extra=True))
        self.assertFalse(same([[1, 2]], [[1]], extra=True))


if __name__ == '__main__':
    unittest.main()
