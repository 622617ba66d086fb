-- Words are put into the index at once. Otherwise they wait in a list, up to 4 MiB long, which each search reads whole.
ALTER INDEX item_search_words SET (fastupdate = off);
SELECT gin_clean_pending_list('item_search_words');
