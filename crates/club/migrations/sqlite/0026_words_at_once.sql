-- Nothing is to be done: only PostgreSQL keeps a list of words that are not in the index yet.
SELECT 1;
