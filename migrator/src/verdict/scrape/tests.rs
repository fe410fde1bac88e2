//! Addresses as people write them; scrapes over a socket are in `tests/verdict.rs`.

use super::*;

#[test]
fn scheme_and_path_may_be_left_out() {
    for (text, shown, uri) in [
        (
            "127.0.0.1:9867",
            "http://127.0.0.1:9867/metrics",
            "http://127.0.0.1:9867/metrics",
        ),
        ("http://h:1/", "http://h:1/metrics", "http://h:1/metrics"),
        ("https://h/m", "https://h/m", "https://h/m"),
        ("http://[::1]:9/x?y=1", "http://[::1]:9/x", "http://[::1]:9/x?y=1"),
        (
            "http://me:secret@h:1",
            "http://h:1/metrics",
            "http://me:secret@h:1/metrics",
        ),
    ] {
        let endpoint = Endpoint::parse(text).unwrap();
        assert_eq!(endpoint.shown(), shown, "{text}");
        assert_eq!(endpoint.uri.to_string(), uri, "{text}");
    }
}

#[test]
fn what_cannot_be_scraped_is_refused_without_repeating_it() {
    for text in [
        "",
        "ftp://me:secret@h/",
        "http://",
        "http://me:secret@h:port:1/ x",
        "unix:///run/x",
    ] {
        let error = Endpoint::parse(text).expect_err(text).to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
