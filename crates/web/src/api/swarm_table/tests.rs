use super::*;

#[test]
fn pages_in_any_order_hold_each_row_once() {
    let table = table(137);
    for column in COLUMNS {
        for descending in [false, true] {
            let query = SwarmQuery {
                sort: Some(column),
                descending: Some(descending),
                limit: Some(10),
                ..SwarmQuery::default()
            };
            let rows = walk(&table, query);
            let mut hashes: Vec<_> = rows.iter().map(|row| row.info_hash.clone()).collect();
            hashes.sort_unstable();
            hashes.dedup();
            assert_eq!((rows.len(), hashes.len()), (137, 137), "{column:?}");
        }
    }
}

#[test]
fn the_largest_come_first_and_names_in_their_order() {
    let table = table(30);
    let peers: Vec<_> =
        walk(&table, SwarmQuery::default()).iter().map(|row| row.seeders + row.leechers).collect();
    assert!(peers.is_sorted_by(|one, next| one >= next) && peers[0] > peers[29], "{peers:?}");

    let by_name = SwarmQuery { sort: Some(SwarmColumn::Name), ..SwarmQuery::default() };
    let rows = walk(&table, by_name);
    let names: Vec<_> =
        rows.iter().filter_map(|row| row.item.as_ref()).map(|item| &item.name).collect();
    assert!(names.is_sorted() && names.len() == 27, "{names:?}");
    assert!(rows[27..].iter().all(|row| row.item.is_none() && row.title.is_none()));
}

#[test]
fn a_search_finds_parts_of_names_and_titles_and_beginnings_of_info_hashes() {
    let table = table(30);
    let found = |search: &str| {
        let search = Some(search.to_owned());
        walk(&table, SwarmQuery { search, ..SwarmQuery::default() }).len()
    };
    assert_eq!((found("item-7"), found("TITLE 7"), found("e-7")), (1, 1, 0));
    let hash = table.rows[29].summary.info_hash.to_string();
    assert_eq!((found(&hash), found(&hash[..39].to_uppercase())), (1, 1));
    assert_eq!((found("item"), found(""), found("nothing")), (27, 30, 0));
}

#[test]
fn swarms_that_need_seeders_have_fewer_than_that() {
    let table = table(30);
    let few = SwarmQuery { needs_seeders: Some(2), limit: Some(3), ..SwarmQuery::default() };
    let rows = walk(&table, few.clone());
    assert!(rows.iter().all(|row| row.seeders < 2) && !rows.is_empty());
    assert_eq!(table.page(&TableQuery::new(&few).unwrap()).total, rows.len());
}

#[test]
fn what_cannot_be_asked_for_names_its_field() {
    let long = SwarmQuery { search: Some("x".repeat(MAX_SEARCH + 1)), ..SwarmQuery::default() };
    let none = SwarmQuery { limit: Some(0), ..SwarmQuery::default() };
    let many = SwarmQuery { limit: Some(1001), ..SwarmQuery::default() };
    let cursor =
        |after: &str| SwarmQuery { after: Some(after.to_owned()), ..SwarmQuery::default() };
    let asked = [
        (long, "search"),
        (none, "limit"),
        (many, "limit"),
        (cursor(""), "after"),
        (cursor("7"), "after"),
        (cursor("7~xy"), "after"),
        (cursor(&format!("x~{}", InfoHash([1; 20]))), "after"),
    ];
    for (query, field) in asked {
        let problem = api::error::ProblemDocument::from(TableQuery::new(&query).err().unwrap());
        assert_eq!((problem.status, problem.field.as_deref()), (422, Some(field)), "{query:?}");
    }
}

/// All pages of a query.
fn walk(table: &SwarmTable, mut query: SwarmQuery) -> Vec<SwarmRow> {
    let mut rows = Vec::new();
    loop {
        let page = table.page(&TableQuery::new(&query).unwrap());
        rows.extend(page.swarms);
        assert!(rows.len() <= page.total);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return rows,
        }
    }
}

/// A table of so many swarms, of which every tenth is not an item's.
fn table(rows: u32) -> SwarmTable {
    let row = |number: u32| {
        let mut info_hash = [0xab; 20];
        info_hash[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
        let item = (!number.is_multiple_of(10)).then_some(ItemId(number));
        let label = ItemLabel {
            id: ItemId(number),
            name: format!("item-{number}-x"),
            title: format!("Title {number}"),
        };
        let summary = SwarmSummary {
            item,
            info_hash: InfoHash(info_hash),
            inside_seeders: number % 3,
            inside_leechers: number % 5,
            outside_seeders: number % 2,
            outside_leechers: number % 7,
            completed: number % 4,
            last_announce: number.checked_sub(5),
            size: Some(u64::from(number % 6)),
        };
        let bytes = TransferredBytes { from_peers: 7, from_web_seed: u64::from(number % 8) };
        TableRow::new(summary, item.map(|_| &label), Some(bytes))
    };
    SwarmTable { rows: (0..rows).map(row).collect(), orders: Default::default() }
}
