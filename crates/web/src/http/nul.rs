//! NUL, which PostgreSQL takes in no text: no path and no query that holds one is worth asking about.

use axum::http::Uri;

/// Whether the path of a URL holds a NUL once it is decoded.
pub(crate) fn path_has_nul(uri: &Uri) -> bool {
    // A URI holds no NUL as such, and each path is decoded once.
    uri.path().contains(NUL)
}

/// Whether the query of a URL holds a NUL once it is decoded.
pub(crate) fn query_has_nul(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.contains(NUL))
}

const NUL: &str = "%00";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_found_in_path_or_query() {
        let found = |uri: &'static str| {
            let uri = Uri::from_static(uri);
            (path_has_nul(&uri), query_has_nul(&uri))
        };
        assert_eq!(found("/t/a%00.torrent"), (true, false));
        assert_eq!(found("/audit?member=%00"), (false, true));
        assert_eq!(found("/t/%2500?a=%2500&b=0"), (false, false));
    }
}
