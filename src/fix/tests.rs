use super::*;

fn list() -> AllowList {
    let origin = |text: &str| AllowedOrigin::new(text).expect("an origin");
    let word = |text: &str| Word::new(text).expect("a word");
    AllowList {
        origins: vec![
            origin("https://app.shop.test"),
            origin("http://localhost:3000"),
        ],
        methods: vec![word("GET"), word("PUT")],
        headers: vec![word("X-CSRF-Token")],
        credentials: true,
        basis: Basis::RefusedOwn,
    }
}

#[test]
fn every_server_names_every_part_and_no_wildcard() {
    for server in Server::ALL {
        let text = Remedy::Grant(list()).configuration(server);
        for part in [
            "https://app.shop.test",
            "http://localhost:3000",
            "PUT",
            "7200",
        ] {
            assert!(text.contains(part), "{server} lacks {part}: {text}");
        }
        assert!(
            text.to_lowercase().contains("x-csrf-token"),
            "{server}: {text}"
        );
        assert!(
            text.ends_with('\n') && !text.contains("\n\n\n"),
            "{server}: {text}"
        );
        for wildcard in ["\"*\"", "'*'", "Origin *"] {
            assert!(!text.contains(wildcard), "{server}: {text}");
        }
        // The others add the header by themselves, as their documentation says.
        let by_hand = [
            Server::Nginx,
            Server::Apache,
            Server::Go,
            Server::AspNet,
            Server::Worker,
        ];
        assert_eq!(
            text.contains("Vary"),
            by_hand.contains(&server),
            "{server}: {text}"
        );
    }
}

#[test]
fn credentials_and_headers_are_written_only_where_granted() {
    let plain = Remedy::Grant(AllowList {
        credentials: false,
        headers: Vec::new(),
        ..list()
    });
    for server in Server::ALL {
        let text = plain.configuration(server).to_lowercase();
        // What the application behind them says is taken out by name.
        let granted = text
            .lines()
            .filter(|line| {
                line.contains("credentials")
                    && !line.contains("unset")
                    && !line.contains("hide")
                    && !line.contains("delete")
            })
            .filter(|line| !line.contains("= false"))
            .count();
        assert_eq!(granted, 0, "{server}: {text}");
        assert!(!text.contains("x-csrf"), "{server}: {text}");
    }
}

#[test]
fn quotes_and_brackets_are_balanced() {
    let remedies = [
        Remedy::Grant(list()),
        Remedy::Share(ResourcePolicy::SameSite),
        Remedy::Share(ResourcePolicy::CrossOrigin),
    ];
    for (remedy, server) in remedies.iter().flat_map(|r| Server::ALL.map(|s| (r, s))) {
        let text: String = remedy
            .configuration(server)
            .lines()
            .filter(|line| !line.trim_start().starts_with(['#', '/']))
            .collect();
        for (open, close) in [('{', '}'), ('(', ')'), ('[', ']')] {
            assert_eq!(
                text.matches(open).count(),
                text.matches(close).count(),
                "{server}: {open}: {text}"
            );
        }
        assert_eq!(text.matches('"').count() % 2, 0, "{server}: {text}");
    }
}

mod of_findings {
    use super::super::*;
    use crate::finding::{Category, Certainty, Evidence, Finding, Severity};

    fn finding(rule: &'static str, category: Category, origins: &[&str]) -> Finding {
        Finding {
            fingerprint: String::new(),
            rule,
            category,
            severity: Severity::Medium,
            confidence: Certainty::Proven,
            title: "",
            message: String::new(),
            reach: "",
            variant: "",
            phase: "",
            initiator_origins: origins.iter().map(|&origin| origin.to_owned()).collect(),
            target_origin: "https://api.shop.test".to_owned(),
            endpoint: "/cart".to_owned(),
            methods: vec!["OPTIONS".to_owned()],
            status: None,
            allow_origin: None,
            allow_credentials: None,
            browser_error: None,
            count: 1,
            samples: Vec::new(),
            evidence: Vec::new(),
            sensitive_kinds: Vec::new(),
            fix: String::new(),
            references: Vec::new(),
            fetches: Vec::new(),
        }
    }

    fn granted(finding: &Finding) -> Option<AllowList> {
        match Remedy::of(finding, None)? {
            Remedy::Grant(list) => Some(list),
            Remedy::Share(_) => None,
        }
    }

    fn origins(list: &AllowList) -> Vec<&str> {
        list.origins.iter().map(AsRef::as_ref).collect()
    }

    #[test]
    fn what_was_refused_is_granted_with_what_was_asked_for() {
        let mut refused = finding(
            "preflight-method-not-allowed",
            Category::Failure,
            &["https://shop.test", "null", "https://a\u{2028}b.test"],
        );
        for (name, value) in [
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", "x-csrf-token, bad'name"),
        ] {
            refused.evidence.push(Evidence {
                name: name.to_owned(),
                value: value.to_owned(),
                place: "preflight-request",
            });
        }
        let list = granted(&refused).expect("a list");
        assert_eq!(origins(&list), ["https://shop.test"]);
        assert_eq!(
            list.methods
                .iter()
                .map(AsRef::as_ref)
                .collect::<Vec<&str>>(),
            ["PUT"]
        );
        assert_eq!(
            list.headers
                .iter()
                .map(AsRef::as_ref)
                .collect::<Vec<&str>>(),
            ["x-csrf-token"]
        );
        assert_eq!(list.basis, Basis::RefusedOwn);
        assert!(!list.credentials);
    }

    #[test]
    fn a_stranger_is_never_granted_without_a_word() {
        let refused = finding(
            "missing-allow-origin",
            Category::Failure,
            &["https://evil.test"],
        );
        assert_eq!(
            granted(&refused).map(|list| list.basis),
            Some(Basis::Refused)
        );
        let protected = Finding {
            variant: "protected",
            ..refused
        };
        assert_eq!(granted(&protected), None);
        let mut read = finding(
            "any-site-authenticated-read",
            Category::CredentialRisk,
            &["https://evil.test"],
        );
        read.reach = "any-site";
        read.allow_origin = Some("https://evil.test".to_owned());
        read.allow_credentials = Some("true".to_owned());
        let list = granted(&read).expect("a list");
        assert_eq!(origins(&list), ["https://app.example.com"]);
        assert_eq!(list.basis, Basis::Example);
        assert!(list.credentials);
        read.initiator_origins
            .push("https://www.shop.test".to_owned());
        let list = granted(&read).expect("a list");
        assert_eq!(origins(&list), ["https://www.shop.test"]);
        // Where the sibling is the danger, it is not trusted either.
        read.reach = "sibling";
        assert_eq!(granted(&read).map(|list| list.basis), Some(Basis::Example));
    }

    #[test]
    fn what_no_policy_repairs_gets_none() {
        let origin = &["https://shop.test"][..];
        let mut silent = vec![
            finding("redirect-mode-error", Category::Failure, origin),
            finding("missing-allow-origin", Category::Failure, &["null"]),
            finding("missing-allow-origin", Category::Failure, &[]),
            finding("cors-trust-inventory", Category::Permissive, origin),
        ];
        let mut processed = finding("blocked-but-processed", Category::CredentialRisk, origin);
        processed.allow_origin = Some("https://shop.test".to_owned());
        silent.push(processed);
        for finding in silent {
            assert_eq!(Remedy::of(&finding, None), None, "{}", finding.rule);
        }
    }

    #[test]
    fn resource_policy_opens_no_further_than_needed() {
        let embedded = |origins| finding("corp-same-origin", Category::Failure, origins);
        let cases = [
            (&["https://shop.test"][..], ResourcePolicy::SameSite),
            (
                &["https://shop.test", "https://a.test"][..],
                ResourcePolicy::CrossOrigin,
            ),
            (&["null"][..], ResourcePolicy::CrossOrigin),
        ];
        for (origins, expected) in cases {
            assert_eq!(
                Remedy::of(&embedded(origins), None),
                Some(Remedy::Share(expected)),
                "{origins:?}"
            );
        }
    }
}
