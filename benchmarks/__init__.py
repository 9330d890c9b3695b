"""How fast we are beside others: ``make bench``. Never part of the tests, which look at no clock."""
