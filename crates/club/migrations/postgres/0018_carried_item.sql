-- What all members together carried of an item.
CREATE INDEX carried_item ON carried (item);
